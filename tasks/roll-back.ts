import { SwarmupError } from '../lib/util/errors.ts';
import { converge } from '../lib/swarm/wait-converged.ts';
import { serviceByName } from '../lib/swarm/read.ts';
import type { SwarmService } from '../lib/contracts/swarm-types.ts';
import { rollBackService } from '../lib/swarm/write.ts';
import { defineTask } from '../lib/pipeline/task.ts';
import { updated, type Change } from '../lib/contracts/change.ts';

interface State {
  readonly service: SwarmService | undefined;
}

/** Returns services to their state before the last update: `docker service rollback`, but idempotent. */
export default defineTask<State, Change>({
  id: 'roll-back',
  title: 'Services rolled back',
  about: 'Returns services to their state before the last update, and waits until they run.',
  needs: [],
  targets: (cluster) => cluster.services.map(({ name }) => ({ id: name })),
  check: async (ctx) => ({ service: await serviceByName(await ctx.swarm.manager(ctx.signal), ctx.target.id) }),
  absent: () => ({ service: undefined }),
  plan: ({ service }, { target }) => {
    if (!service) throw cannot(target.id, 'it does not exist', 'Deploy it first: swarmup up');
    if (service.UpdateStatus?.State === 'rollback_completed') return [];
    if (!service.PreviousSpec) throw cannot(target.id, 'it was never updated', 'Nothing needs to be done.');
    const [now, then] = [service.Spec, service.PreviousSpec].map((spec) => spec.TaskTemplate.ContainerSpec.Image);
    const reason = now === then ? undefined : `image ${now} → ${then}`;
    return [updated(['services', target.id], 'current', 'previous', { reason })];
  },
  apply: async (ctx, _changes, { service }) => {
    if (!service) return;
    const manager = await ctx.swarm.manager(ctx.signal);
    ctx.report('rolling back');
    await rollBackService(manager, service);
    await converge({
      name: service.Spec.Name,
      manager,
      engine: (node) => ctx.engine(node),
      serviceIds: [service.ID],
      before: [service],
      signal: ctx.signal,
      clock: ctx.clock,
      report: ctx.report,
      rollingBack: true,
    });
    ctx.warn(
      `${service.Spec.Name} was rolled back: the next 'swarmup up' applies the cluster file again`,
      `rolled back ${service.ID}`,
    );
  },
});

function cannot(service: string, why: string, fix: string): SwarmupError {
  return new SwarmupError('SERVICE_FAILED', `service ${service} can't be rolled back: ${why}`, { fix });
}
