import { CLUSTER } from '../lib/contracts/target.ts';
import type { Change } from '../lib/contracts/change.ts';
import { defineTask } from '../lib/pipeline/task.ts';
import { listeningNodes, newPorts, ownedPorts, portsTaken } from '../lib/swarm/free-ports.ts';
import { shadowedListeners, takenPorts } from '../lib/swarm/port-clash.ts';
import { listServices } from '../lib/swarm/read.ts';

/**
 * The ports that services are to publish, before any service is deployed: the engine only logs that an ingress port is in
 * use on a node. By hand (docs/guide.md): `ss -lntup` on every node.
 */
export default defineTask<undefined, Change>({
  id: 'check-ports',
  title: 'Published ports free',
  about: 'Checks that nothing else on any node, and no other service, has a port that is to be published.',
  needs: [{ task: 'configure-nodes', of: 'all', tolerant: true }, 'prune'],
  targets: ({ services, stacks }) => (services.length + stacks.length > 0 ? [CLUSTER] : []),
  check: async (ctx) => {
    const manager = await ctx.swarm.manager(ctx.signal);
    const services = await listServices(manager);
    const wanted = newPorts(ctx.cluster, services);
    if (wanted.length === 0) return undefined;
    const nodes = await listeningNodes(ctx, wanted);
    const problems = [...ownedPorts(wanted, services, ctx.cluster, manager.node), ...takenPorts(wanted, nodes)];
    if (problems.length > 0) throw portsTaken(problems);
    for (const message of shadowedListeners(wanted, nodes)) ctx.warn(message);
    return undefined;
  },
  absent: () => undefined,
  plan: () => [],
  apply: () => Promise.resolve(),
});
