import type { UnitContext } from '../lib/contracts/context.ts';
import { hasCode } from '../lib/util/errors.ts';
import { preflightError } from '../lib/preflight/error.ts';
import { isFatal } from '../lib/contracts/preflight.ts';
import { localSwarm } from '../lib/swarm/local-state.ts';
import { defineTask } from '../lib/pipeline/task.ts';
import { onNodes } from '../lib/contracts/target.ts';
import type { Change } from '../lib/contracts/change.ts';

/** Finds problems of existing hosts before any of them is changed. Nodes that are already in the swarm are skipped. */
export default defineTask<undefined, Change>({
  id: 'preflight',
  title: 'Hosts checked',
  about: 'Checks existing hosts, and the network between them, for known problems.',
  needs: [{ task: 'provision', of: 'all', tolerant: true }, 'provision'],
  targets: (cluster, { before }) =>
    [...before.values()].some(({ external }) => external) ? onNodes(cluster.nodes) : [],
  check: async (ctx) => {
    if (await isMember(ctx)) return undefined;
    const { survey, findings } = await ctx.preflight.look(ctx.signal);
    const unreachable = survey.unreachable.get(ctx.node.name);
    if (unreachable) throw unreachable;
    const own = findings.filter(({ node }) => node === ctx.node.name);
    for (const { node, message } of own.filter((finding) => !isFatal(finding))) ctx.warn(`${node}: ${message}`);
    const wrong = own.filter(isFatal);
    if (wrong.length > 0) throw preflightError(ctx.node.name, wrong, survey);
    return undefined;
  },
  absent: () => undefined,
  plan: () => [],
  apply: () => Promise.resolve(),
});

/** Whether this cluster's managers list the node in the swarm. */
async function isMember(ctx: UnitContext): Promise<boolean> {
  try {
    const { state, nodeId } = await localSwarm(await ctx.engine());
    return state === 'active' && (await ctx.swarm.nodes(ctx.signal)).some(({ ID }) => ID === nodeId);
  } catch (error) {
    if (
      hasCode(error, 'ENGINE_UNREACHABLE', 'ENGINE_REFUSED', 'SWARM_NO_MANAGER', 'SWARM_CERTIFICATE', 'MACHINE_ABSENT')
    )
      return false;
    throw error;
  }
}
