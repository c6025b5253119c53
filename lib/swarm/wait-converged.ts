import type { Clock } from '../async/clock.ts';
import { SwarmupError } from '../util/errors.ts';
import type { Progress } from '../contracts/events.ts';
import type { Engine } from '../contracts/engine.ts';
import { waitUntil } from '../async/wait-until.ts';
import { judge } from './convergence.ts';
import { mayEnd } from './ending.ts';
import { PINNED_LABEL } from './stack.ts';
import { lastLogLines } from './logs.ts';
import { listNodes, listServices, listTasks } from './read.ts';
import type { Convergence, PermanentFailure } from './verdict.ts';
import type { SwarmService } from '../contracts/swarm-types.ts';

const DEADLINE_MS = 420_000;
const INTERVAL_MS = 300;
/** The manager starts containers too; on a small one, answering again and again would delay them. */
const SHARE = 0.15;
/**
 * How long the scheduler may find no node before that counts as a failure, in milliseconds: a node that just joined
 * becomes eligible within this time.
 */
const NO_NODE_GRACE_MS = 8_000;

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

export interface ConvergeOptions extends Pick<Look, 'complete'> {
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
  let failedSince: number | undefined;
  await waitUntil({
    until: `${name} runs as configured`,
    probe: async () => {
      const isUpdateOver = (service: SwarmService) => isOver(service, options);
      const all = await lookAt(manager, serviceIds, { ...options, isUpdateOver });
      const lost = all.find((one) => one.permanentFailure !== undefined);
      failedSince = lost ? (failedSince ?? clock.now()) : undefined;
      if (lost && failedSince !== undefined) {
        const schedulers = /no suitable node/.test(lost.permanentFailure?.why ?? '');
        if (!schedulers || clock.now() - failedSince >= NO_NODE_GRACE_MS) throw await serviceFailed(manager, lost);
      }
      const waiting = all.filter((one) => one.waitingFor !== '');
      if (waiting.length === 0 && all.length === serviceIds.length) return { done: undefined };
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

/** The error of a failed service, with the last lines of the task that caused it. */
async function serviceFailed(manager: Engine, { service, permanentFailure }: Convergence): Promise<SwarmupError> {
  const name = service.Spec.Name;
  const { why, culprit }: PermanentFailure = permanentFailure ?? { why: '' };
  const output = culprit && (await lastLogLines(manager, culprit));
  return new SwarmupError('SERVICE_FAILED', `service ${name} ${why}`, {
    fix: fixFor(service, why),
    ...(output ? { output } : {}),
  });
}

function fixFor({ Spec }: SwarmService, why: string): string {
  const { Name: name, Labels } = Spec;
  if (/no suitable node/.test(why) && Labels?.[PINNED_LABEL] !== undefined)
    return "It is pinned to the node that holds its data: bring that node back ('swarmup status' shows its state; if drained: 'swarmup activate NODE'), or choose another node, without the data: portainer.node.";
  if (/no suitable node/.test(why))
    return 'Correct the constraints, reservations or host-mode ports that exclude every node, or add a node that fits.';
  if (/No such image|pull access denied|manifest unknown/.test(why))
    return 'Correct the image name, or supply the image with images.load.';
  if (/keep ending/.test(why))
    return `The program has to stay in the foreground, and its health check has to pass. Its output: swarmup logs ${name}`;
  if (/never completes/.test(why))
    return 'Make it a job (mode: replicated-job), or give it restart: { condition: on-failure }; or depend on it as running.';
  if (/port .* is already (in use|allocated)/.test(why)) return 'Free the port or publish another.';
  if (mayEnd(Spec))
    return `Correct the cause: a changed specification starts it again, and so does 'swarmup rerun ${name}'. Its output: swarmup logs ${name}`;
  return `For its tasks and their errors: swarmup status; for their output: swarmup logs ${name}`;
}
