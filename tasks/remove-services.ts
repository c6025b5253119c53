import { hasCode } from '../lib/util/errors.ts';
import { isMarked } from '../lib/swarm/labels.ts';
import { listServices } from '../lib/swarm/read.ts';
import { remove, removals, type Removal } from '../lib/swarm/removal.ts';
import { ownStack } from '../lib/swarm/orphans.ts';
import type { SwarmService } from '../lib/contracts/swarm-types.ts';
import { CLUSTER } from '../lib/contracts/target.ts';
import { defineTask } from '../lib/pipeline/task.ts';

interface State {
  readonly services: readonly SwarmService[];
  /** Names of stacks. */
  readonly stacks: readonly string[];
}

const NONE: State = { services: [], stacks: [] };

/** Before hosts that stay leave the swarm: nothing then moves from one to the next, each with less time to stop it in. */
export default defineTask<State, Removal>({
  id: 'remove-services',
  title: 'Services gone',
  about: 'Removes the services and stacks that swarmup made, before the hosts they run on leave the swarm.',
  needs: [],
  targets: (_cluster, { before }) => ([...before.values()].some(({ external }) => external) ? [CLUSTER] : []),
  check: async (ctx) => {
    try {
      const nodes = await ctx.swarm.nodes(ctx.signal);
      // Of a swarm that isn't this cluster's, nothing is touched.
      if (!nodes.some(({ Spec }) => isMarked(Spec, ctx.cluster.name))) return NONE;
      const services = await listServices(await ctx.swarm.manager(ctx.signal));
      return {
        services: services.filter((one) => isMarked(one.Spec, ctx.cluster.name) && ownStack(one) === undefined),
        stacks: [...new Set(services.flatMap((one) => ownStack(one) ?? []))],
      };
    } catch (error) {
      // Where there is no swarm, there are no services.
      if (hasCode(error, 'SWARM_NO_MANAGER', 'ENGINE_UNREACHABLE')) return NONE;
      throw error;
    }
  },
  absent: () => NONE,
  plan: ({ services, stacks }) => removals(services, stacks),
  apply: async (ctx, changes) => {
    const manager = await ctx.swarm.manager(ctx.signal);
    for (const change of changes) {
      ctx.signal.throwIfAborted();
      await remove(ctx, manager, change);
    }
  },
});
