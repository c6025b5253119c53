import { hasCode, messageOf, SwarmupError } from '../lib/util/errors.ts';
import { CLUSTER } from '../lib/contracts/target.ts';
import { defineTask } from '../lib/pipeline/task.ts';
import type { Change } from '../lib/contracts/change.ts';

/**
 * Requires a swarm for a new machine to join: without one, a second swarm would be created beside the remains of the
 * first.
 */
export default defineTask<undefined, Change>({
  id: 'require-swarm',
  title: 'Swarm found',
  about: 'Checks that the cluster has a swarm whose managers answer, before one of its machines is replaced.',
  needs: [],
  targets: () => [CLUSTER],
  check: async (ctx) => {
    try {
      await ctx.swarm.manager(ctx.signal);
      return undefined;
    } catch (error) {
      // No node is in a swarm, or no manager answers. Errors of the managers themselves, such as a lost majority, are
      // thrown unchanged.
      if (!hasCode(error, 'SWARM_NO_MANAGER', 'MACHINE_ABSENT', 'MACHINE_STOPPED', 'ENGINE_UNREACHABLE')) throw error;
      throw new SwarmupError(
        'SWARM_NO_MANAGER',
        `${ctx.cluster.name} has no swarm with a manager that answers: ${messageOf(error)}`,
        {
          fix: "A node can be replaced only in a working swarm: 'swarmup up' creates one, and starts machines that are off.",
          cause: error,
        },
      );
    }
  },
  absent: () => undefined,
  plan: () => [],
  apply: () => Promise.resolve(),
});
