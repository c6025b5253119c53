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

/**
 * Removes services before existing hosts leave the swarm, so that tasks don't move from each leaving host to the next.
 */
export default defineTask<State, Removal>({
  id: 'remove-services',
  title: 'Services removed',
  about: 'Removes the services and stacks that swarmup made, before the hosts they run on leave the swarm.',
  removes: true,
  needs: [],
  targets: (_cluster, { before }) => ([...before.values()].some(({ external }) => external) ? [CLUSTER] : []),
  check: async (ctx) => {
    try {
      const nodes = await ctx.swarm.nodes(ctx.signal);
      // Nothing is removed from a swarm that isn't this cluster's.
      if (!nodes.some(({ Spec }) => isMarked(Spec, ctx.cluster.name))) return NONE;
      const services = await listServices(await ctx.swarm.manager(ctx.signal));
      return {
        services: services.filter((one) => isMarked(one.Spec, ctx.cluster.name) && ownStack(one) === undefined),
        stacks: [...new Set(services.flatMap((one) => ownStack(one) ?? []))],
      };
    } catch (error) {
      // Without a swarm that works there are no services.
      if (hasCode(error, 'SWARM_NO_MANAGER', 'SWARM_CERTIFICATE', 'ENGINE_UNREACHABLE')) return NONE;
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
