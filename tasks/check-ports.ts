import { CLUSTER } from '../lib/contracts/target.ts';
import type { Change } from '../lib/contracts/change.ts';
import { crowdedPorts } from '../lib/swarm/crowded-ports.ts';
import { defineTask } from '../lib/pipeline/task.ts';
import { listeningNodes, newPorts, ownedPorts, portsTaken } from '../lib/swarm/free-ports.ts';
import { shadowedListeners, takenPorts, type PortProblem } from '../lib/swarm/port-clash.ts';
import { listServices } from '../lib/swarm/read.ts';

/**
 * The ports that services are to publish, before any service is deployed: the engine only logs that an ingress port is in
 * use on a node. By hand (docs/guide.md): `ss -lntup` on every node.
 */
export default defineTask<readonly PortProblem[], Change>({
  id: 'check-ports',
  title: 'Published ports free',
  about: 'Checks that nothing else on any node, and no other service, has a port that is to be published.',
  needs: [{ task: 'configure-nodes', of: 'all', tolerant: true }, 'prune'],
  targets: ({ services, stacks }) => (services.length + stacks.length > 0 ? [CLUSTER] : []),
  check: async (ctx) => {
    const manager = await ctx.swarm.manager(ctx.signal);
    const services = await listServices(manager);
    const wanted = newPorts(ctx.cluster, services);
    if (wanted.length === 0) return [];
    const nodes = await listeningNodes(ctx, wanted);
    for (const message of shadowedListeners(wanted, nodes)) ctx.warn(message);
    return [
      ...ownedPorts(wanted, services, ctx.cluster, manager.node),
      ...crowdedPorts(wanted, ctx.cluster),
      ...takenPorts(wanted, nodes),
    ];
  },
  absent: ({ cluster }) => crowdedPorts(newPorts(cluster, []), cluster),
  plan: (problems) => {
    if (problems.length > 0) throw portsTaken(problems);
    return [];
  },
  apply: () => Promise.resolve(),
});
