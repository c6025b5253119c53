import { servicesNamed } from '../lib/config/dependencies.ts';
import { serviceNames } from '../lib/config/selections.ts';
import type { Desired } from '../lib/contracts/target.ts';
import { SwarmupError } from '../lib/util/errors.ts';
import { mayEnd } from '../lib/swarm/ending.ts';
import { serviceByName } from '../lib/swarm/read.ts';
import { converge, lookAt } from '../lib/swarm/wait-converged.ts';
import { withUpdatePolicy } from '../lib/swarm/update-policy.ts';
import { updateService } from '../lib/swarm/write.ts';
import type { SwarmService } from '../lib/contracts/swarm-types.ts';
import { defineTask } from '../lib/pipeline/task.ts';
import { step, waiting, type Change } from '../lib/contracts/change.ts';

interface State {
  readonly service: SwarmService | undefined;
  readonly waitingFor: string;
  /** Its ForceUpdate when the run began: another number means that it was started again. */
  readonly before: number;
}

/** Runs jobs again: `docker service update --force`, and the wait for the result. */
export default defineTask<State, Change>({
  id: 'rerun-jobs',
  title: 'Jobs run again',
  about: 'Runs jobs and other services whose tasks end once more, and waits until they completed.',
  needs: [],
  targets: (cluster) =>
    serviceNames(cluster).map((id) => ({
      id,
      after: (cluster.services.find(({ name }) => name === id)?.dependsOn ?? [])
        .flatMap((dependency) => servicesNamed(dependency, cluster.stacks))
        .map((target) => ({ task: 'rerun-jobs', target })),
    })),
  check: async (ctx) => {
    const manager = await ctx.swarm.manager(ctx.signal);
    const service = await serviceByName(manager, ctx.target.id);
    const [look] = service ? await lookAt(manager, [service.ID], { complete: () => true }) : [];
    return { service, waitingFor: look?.waitingFor ?? '', before: forcedBefore(ctx, service) };
  },
  absent: () => ({ service: undefined, waitingFor: '', before: 0 }),
  plan: ({ service, waitingFor, before }, { target }) => {
    const own = ['services', target.id];
    if (!service) throw cannot(target.id, 'it does not exist', 'Deploy it first: swarmup up');
    if (!mayEnd(service.Spec))
      throw cannot(
        target.id,
        'it is no job: its tasks are restarted whenever they end',
        'Make it a job (mode: replicated-job), or give it restart: { condition: on-failure }.',
      );
    if (forced(service) === before) return [step(own, 'rerun')];
    return waitingFor === '' ? [] : [waiting(own, { to: 'complete', reason: waitingFor })];
  },
  apply: async (ctx, changes, { service, before }) => {
    if (!service) return;
    const manager = await ctx.swarm.manager(ctx.signal);
    const { TaskTemplate } = service.Spec;
    if (changes.some((change) => change.step === 'rerun')) {
      ctx.report('starting again');
      const spec = { ...service.Spec, TaskTemplate: { ...TaskTemplate, ForceUpdate: before + 1 } };
      // Only of a service in the file: a stack's policies are those of its Compose file.
      const own = ctx.cluster.services.find(({ name }) => name === service.Spec.Name);
      await updateService(manager, service, own ? withUpdatePolicy(spec, own, ENDED) : spec);
    }
    await converge({
      name: service.Spec.Name,
      manager,
      engine: (node) => ctx.engine(node),
      serviceIds: [service.ID],
      before: [service],
      complete: () => true,
      signal: ctx.signal,
      clock: ctx.clock,
      report: ctx.report,
    });
  },
});

/** Its tasks are taken to end, whatever they did until now. */
const ENDED = { alive: 0, completed: 0 };

const forced = (service: SwarmService | undefined): number => service?.Spec.TaskTemplate.ForceUpdate ?? 0;

/** The number at the first look of this run: a unit that is retried must not start its job once more. */
function forcedBefore({ cluster, target }: Desired, service: SwarmService | undefined): number {
  const seen = cluster.request?.rerun?.forcedBefore;
  const before = seen?.get(target.id) ?? forced(service);
  seen?.set(target.id, before);
  return before;
}

function cannot(service: string, why: string, fix: string): SwarmupError {
  return new SwarmupError('SERVICE_FAILED', `service ${service} can't be run again: ${why}`, { fix });
}
