import { serviceNames } from '../lib/config/selections.ts';
import type { UnitContext } from '../lib/contracts/context.ts';
import { converge } from '../lib/swarm/wait-converged.ts';
import { spreadOf, type Spread } from '../lib/swarm/placement.ts';
import { listNodes, listTasks, nameOf, serviceByName } from '../lib/swarm/read.ts';
import type { ServiceSpecification, SwarmService } from '../lib/contracts/swarm-types.ts';
import { updateService } from '../lib/swarm/write.ts';
import { defineTask } from '../lib/pipeline/task.ts';
import { updated, type Change } from '../lib/contracts/change.ts';

interface State {
  readonly service: SwarmService | undefined;
  readonly spread: Spread;
}

/**
 * Swarm leaves nodes that came back empty (moby#24103). Surplus tasks of other nodes move to them; with placement
 * preferences, a rolling update places all tasks again.
 */
export default defineTask<State, Change>({
  id: 'rebalance',
  title: 'Tasks spread evenly',
  about: 'Moves tasks to nodes that came back and have too few of them.',
  needs: [],
  // One at a time, so that each placement takes the previous one into account.
  limit: 1,
  targets: (cluster) => serviceNames(cluster).map((id) => ({ id })),
  check: async (ctx) => {
    const manager = await ctx.swarm.manager(ctx.signal);
    const service = await serviceByName(manager, ctx.target.id);
    if (!service) return { service, spread: EVEN };
    const [tasks, nodes] = await Promise.all([listTasks(manager, { service: [service.ID] }), listNodes(manager)]);
    return { service, spread: spreadOf(service, tasks, nodes) };
  },
  absent: () => ({ service: undefined, spread: EVEN }),
  skip: ({ service }) => (service ? undefined : 'it does not exist'),
  plan: ({ service, spread: { uneven, counts } }) => {
    if (!service || !uneven) return [];
    const now = Object.fromEntries(counts.map(([node, count]) => [nameOf(node), count]));
    return [updated(['services', service.Spec.Name, 'placement'], now)];
  },
  apply: async (ctx, _changes, { service, spread }) => {
    if (!service) return;
    const { TaskTemplate, Mode } = service.Spec;
    const replicas = Mode.Replicated?.Replicas ?? 1;
    if ((TaskTemplate.Placement?.Preferences ?? []).length > 0) {
      const forced = { ...TaskTemplate, ForceUpdate: (TaskTemplate.ForceUpdate ?? 0) + 1 };
      await change(ctx, (spec) => ({ ...spec, TaskTemplate: forced }));
      return;
    }
    try {
      await change(ctx, scaledTo(replicas + spread.surplus));
    } finally {
      // Even if the additional tasks found no room: the service returns to its size.
      await change(ctx, scaledTo(replicas));
    }
  },
});

/**
 * Scaling up places tasks on the nodes with the fewest, and scaling down removes them from those with the most: only
 * surplus tasks move, and the service never gets smaller. Source: swarmkit, manager/scheduler;
 * manager/orchestrator/replicated, slotsByIndex.
 */
function scaledTo(replicas: number): (spec: ServiceSpecification) => ServiceSpecification {
  return (spec) => ({ ...spec, Mode: { Replicated: { Replicas: replicas } } });
}

async function change(ctx: UnitContext, how: (spec: ServiceSpecification) => ServiceSpecification): Promise<void> {
  const manager = await ctx.swarm.manager(ctx.signal);
  const service = await serviceByName(manager, ctx.target.id);
  if (!service) return;
  await updateService(manager, service, how(service.Spec));
  await converge({
    name: service.Spec.Name,
    manager,
    engine: (node) => ctx.engine(node),
    serviceIds: [service.ID],
    before: [service],
    signal: ctx.signal,
    clock: ctx.clock,
    report: ctx.report,
  });
}

const EVEN: Spread = { uneven: false, surplus: 0, counts: [] };
