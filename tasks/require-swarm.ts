import { hasCode, messageOf, SwarmupError } from '../lib/util/errors.ts';
import { CLUSTER } from '../lib/contracts/target.ts';
import { defineTask } from '../lib/pipeline/task.ts';
import type { Change } from '../lib/contracts/change.ts';

/** A swarm to put a new machine into: without one, another would be made beside what is left of the first. */
export default defineTask<undefined, Change>({
  id: 'require-swarm',
  title: 'Swarm found',
  about: 'Makes sure that the cluster has a swarm whose managers can be asked, before a machine of it is replaced.',
  needs: [],
  targets: () => [CLUSTER],
  check: async (ctx) => {
    try {
      await ctx.swarm.manager(ctx.signal);
      return undefined;
    } catch (error) {
      // Nothing is in a swarm, or its managers can't be asked. What they say themselves, as without a majority, is told as it is.
      if (!hasCode(error, 'SWARM_NO_MANAGER', 'MACHINE_ABSENT', 'MACHINE_STOPPED', 'ENGINE_UNREACHABLE')) throw error;
      throw new SwarmupError(
        'SWARM_ABSENT',
        `${ctx.cluster.name} has no swarm that can be asked: ${messageOf(error)}`,
        {
          fix: "A node is replaced in a swarm that works: 'swarmup up' makes one, and brings back what is powered off.",
          cause: error,
        },
      );
    }
  },
  absent: () => undefined,
  plan: () => [],
  apply: () => Promise.resolve(),
});
