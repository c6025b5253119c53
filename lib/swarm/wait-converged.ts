import type { Clock } from '../async/clock.ts';
import type { Engines } from '../contracts/context.ts';
import type { Progress } from '../contracts/events.ts';
import type { Engine } from '../contracts/engine.ts';
import { hasCode } from '../util/errors.ts';
import { waitUntil } from '../async/wait-until.ts';
import { judge } from './convergence.ts';
import { listNodes, listServices, listTasks } from './read.ts';
import { Patience, roomMayCome, type Lost } from './room.ts';
import { serviceFailed, tooLate } from './service-failed.ts';
import type { Convergence } from './verdict.ts';
import type { SwarmService } from '../contracts/swarm-types.ts';

const DEADLINE_MS = 420_000;
const INTERVAL_MS = 300;
/** The manager starts containers too; on a small one, answering again and again would delay them. */
const SHARE = 0.15;

export interface Look {
  /** Whether the outcome of a service's last update no longer matters. */
  readonly isUpdateOver?: (service: SwarmService) => boolean;
  /** The services, by name, whose tasks have to complete; those of a job always have to. */
  readonly complete?: (service: string) => boolean;
}

/** Reads services, their tasks and the nodes once, and judges every service. */
export async function lookAt(
  manager: Engine,
  serviceIds: readonly string[],
  { isUpdateOver = () => false, complete = () => false }: Look = {},
): Promise<readonly Convergence[]> {
  if (serviceIds.length === 0) return [];
  const [services, tasks, nodes] = await Promise.all([
    listServices(manager, { id: serviceIds }),
    listTasks(manager, { service: serviceIds }),
    listNodes(manager),
  ]);
  return services.map((service) =>
    judge(
      isUpdateOver(service) ? withoutUpdate(service) : service,
      tasks.filter((task) => task.ServiceID === service.ID),
      nodes,
      { complete: complete(service.Spec.Name) },
    ),
  );
}

export interface ConvergeOptions extends Pick<Look, 'complete'>, Engines {
  readonly name: string;
  readonly manager: Engine;
  readonly serviceIds: readonly string[];
  readonly signal: AbortSignal;
  readonly clock: Clock;
  readonly report: (detail: string, progress?: Progress) => void;
  /** The services before anything was written: an earlier roll-back isn't a failure now. */
  readonly before: readonly SwarmService[];
  /** A roll-back was requested, so it isn't a failure. */
  readonly rollingBack?: boolean;
}

/**
 * Waits until every task of the services runs, and those of jobs completed. Fails immediately, with the task's own error
 * and its last lines, when that can never happen. Tasks that have to complete may take as long as they run.
 *
 * @throws SwarmupError SERVICE_FAILED or TIMED_OUT
 */
export async function converge(options: ConvergeOptions): Promise<void> {
  const { name, manager, serviceIds, signal, clock, report } = options;
  const patience = new Patience();
  let late: SwarmService | undefined;
  const wait = waitUntil<undefined>({
    until: `${name} runs as configured`,
    probe: async () => {
      const isUpdateOver = (service: SwarmService) => isOver(service, options);
      const all = await lookAt(manager, serviceIds, { ...options, isUpdateOver });
      const lost = await hopeless(options, patience.lost(all, clock.now()));
      if (lost) throw await serviceFailed(lost.service, lost.failure, options);
      const waiting = all.filter((one) => one.waitingFor !== '');
      if (waiting.length === 0 && all.length === serviceIds.length) return { done: undefined };
      late = waiting[0]?.service;
      const done = all.reduce((sum, one) => sum + one.running, 0);
      report(`${name}: ${waiting[0]?.waitingFor ?? 'waiting for its services'}`, {
        done,
        total: Math.max(
          done,
          all.reduce((sum, one) => sum + one.desired, 0),
        ),
      });
      return {
        seen:
          waiting.map((one) => `${one.service.Spec.Name}: ${one.waitingFor}`).join('; ') ||
          `${all.length} of ${serviceIds.length} services`,
        working: all.some((one) => one.working),
      };
    },
    deadlineMs: DEADLINE_MS,
    intervalMs: INTERVAL_MS,
    share: SHARE,
    signal,
    clock,
    fix: `See its tasks and their errors: swarmup status`,
  });
  await wait.catch(async (error: unknown) => {
    throw late && hasCode(error, 'TIMED_OUT') ? await tooLate(late, error, options) : error;
  });
}

/** The first service that nothing can help: one that waits for room may get it from other services. */
async function hopeless({ manager }: ConvergeOptions, all: readonly Lost[]): Promise<Lost | undefined> {
  const [first] = all;
  if (!first?.needsRoom) return first;
  const [services, tasks, nodes] = await Promise.all([listServices(manager), listTasks(manager), listNodes(manager)]);
  return all.find(({ service, needsRoom }) => !needsRoom || !roomMayCome(service, services, tasks, nodes));
}

/** Whether a service was rolled back on purpose, or earlier. */
function isOver({ ID, UpdateStatus }: SwarmService, { before, rollingBack = false }: ConvergeOptions): boolean {
  if (UpdateStatus?.State !== 'rollback_completed') return false;
  const then = before.find((service) => service.ID === ID)?.UpdateStatus;
  return rollingBack || (then?.State === UpdateStatus.State && then.StartedAt === UpdateStatus.StartedAt);
}

function withoutUpdate({ UpdateStatus: _over, ...service }: SwarmService): SwarmService {
  return service;
}
