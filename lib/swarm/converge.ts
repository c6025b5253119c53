import type { Clock } from '../clock.ts';
import { SwarmupError } from '../errors.ts';
import type { Progress } from '../events.ts';
import type { Engine } from '../remote/engine.ts';
import { waitUntil } from '../wait.ts';
import { listNodes, listServices, listTasks } from './read.ts';
import type { SwarmNode, SwarmService, SwarmTask } from './types.ts';

const DEADLINE_MS = 420_000;
const INTERVAL_MS = 300;
/** How long the scheduler may find no node before it is taken at its word; a node that just joined becomes eligible within this. */
const NO_NODE_GRACE_MS = 8_000;
/** How often each slot may fail before a service none of whose tasks ever ran is given up. */
const FAILURES_A_SLOT = 2;

export interface Convergence {
  readonly service: SwarmService;
  readonly desired: number;
  readonly running: number;
  /** Empty when it has converged; else what is still to happen. */
  readonly waitingFor: string;
  /** Why it never will, in the engine's own words. */
  readonly hopeless: string | undefined;
}

/** Looks at services, their tasks and the nodes once, and judges every service. */
export async function lookAt(manager: Engine, serviceIds: readonly string[]): Promise<readonly Convergence[]> {
  if (serviceIds.length === 0) return [];
  const [services, tasks, nodes] = await Promise.all([
    listServices(manager, { id: serviceIds }),
    listTasks(manager, { service: serviceIds }),
    listNodes(manager),
  ]);
  return services.map((service) =>
    judge(
      service,
      tasks.filter((task) => task.ServiceID === service.ID),
      nodes,
    ),
  );
}

/** Whether a service has converged, or never will. Pure. */
export function judge(service: SwarmService, tasks: readonly SwarmTask[], nodes: readonly SwarmNode[]): Convergence {
  const image = service.Spec.TaskTemplate.ContainerSpec.Image;
  const current = tasks.filter((task) => task.Spec.ContainerSpec?.Image === image);
  const up = new Set(nodes.filter((node) => node.Status.State === 'ready').map((node) => node.ID));
  const wanted = tasks.filter((task) => task.DesiredState === 'running' || task.DesiredState === 'ready');
  const global = service.Spec.Mode.Global !== undefined;
  const desired = service.Spec.Mode.Replicated?.Replicas ?? (global ? wanted.length : 0);
  const runningTasks = wanted.filter(
    (task) => task.Status.State === 'running' && task.Spec.ContainerSpec?.Image === image && up.has(task.NodeID ?? ''),
  );
  const stopping = tasks
    .filter((task) => task.DesiredState === 'shutdown' || task.DesiredState === 'remove')
    .filter((task) => task.Status.State === 'running' && up.has(task.NodeID ?? ''));
  const running = runningTasks.length;
  const update = service.UpdateStatus?.State ?? '';
  const message = service.UpdateStatus?.Message ?? '';
  const waitingFor =
    update === 'updating' || update === 'rollback_started'
      ? `update ${update}: ${message}`
      : running !== desired || (global && desired === 0)
        ? `${running}/${desired} running${lastTrouble(current)}`
        : stopping.length > 0
          ? `${stopping.length} old tasks stopping`
          : '';
  return { service, desired, running, waitingFor, hopeless: hopeless(update, message, current, wanted, desired) };
}

function hopeless(
  update: string,
  message: string,
  current: readonly SwarmTask[],
  wanted: readonly SwarmTask[],
  desired: number,
): string | undefined {
  if (update === 'rollback_completed' || update === 'paused' || update === 'rollback_paused') {
    return `the update was ${update === 'paused' ? 'paused' : 'rolled back'}: ${message}${lastTrouble(current)}`;
  }
  const failed = current.filter((task) => task.Status.State === 'failed' || task.Status.State === 'rejected');
  const everRan = current.some((task) => task.Status.State === 'running' || task.Status.State === 'complete');
  if (desired > 0 && !everRan && failed.length >= FAILURES_A_SLOT * desired)
    return `no task ever ran${lastTrouble(current)}`;
  const pending = wanted.filter(
    (task) => task.Status.State === 'pending' && /no suitable node/.test(task.Status.Err ?? ''),
  );
  const [first] = pending;
  return first && pending.length === wanted.length ? first.Status.Err : undefined;
}

/** The error of the newest task that has one, whole. */
function lastTrouble(tasks: readonly SwarmTask[]): string {
  const [newest] = tasks.filter((task) => task.Status.Err).sort((a, b) => b.CreatedAt.localeCompare(a.CreatedAt));
  if (!newest) return '';
  const exit = newest.Status.ContainerStatus?.ExitCode;
  return `; a task is ${newest.Status.State}: ${newest.Status.Err}${exit ? ` (exit code ${exit})` : ''}`;
}

export interface ConvergeOptions {
  readonly name: string;
  readonly manager: Engine;
  readonly serviceIds: readonly string[];
  readonly signal: AbortSignal;
  readonly clock: Clock;
  readonly report: (detail: string, progress?: Progress) => void;
}

/**
 * Waits until every task of the services runs. Fails at once, with the task's own error, when none ever can.
 *
 * @throws SwarmupError SERVICE_FAILED or TIMED_OUT
 */
export async function converge({ name, manager, serviceIds, signal, clock, report }: ConvergeOptions): Promise<void> {
  let hopelessSince: number | undefined;
  await waitUntil({
    until: `${name} runs as configured`,
    probe: async () => {
      const all = await lookAt(manager, serviceIds);
      const lost = all.find((one) => one.hopeless !== undefined);
      hopelessSince = lost ? (hopelessSince ?? clock.now()) : undefined;
      if (lost && hopelessSince !== undefined) {
        const schedulers = /no suitable node/.test(lost.hopeless ?? '');
        if (!schedulers || clock.now() - hopelessSince >= NO_NODE_GRACE_MS) throw serviceFailed(lost);
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
      };
    },
    deadlineMs: DEADLINE_MS,
    intervalMs: INTERVAL_MS,
    signal,
    clock,
    fix: `See its tasks and their errors: swarmup status`,
  });
}

function serviceFailed({ service, hopeless: why }: Convergence): SwarmupError {
  const name = service.Spec.Name;
  const text = why ?? '';
  const fix = /no suitable node/.test(text)
    ? 'Correct the constraints, reservations or host-mode ports that rule every node out, or add a node that fits.'
    : /No such image|pull access denied|manifest unknown/.test(text)
      ? 'Correct the image name, or supply the image with images.load.'
      : /port .* is already (in use|allocated)/.test(text)
        ? 'Free the port or publish another.'
        : `Its tasks say more: swarmup status; logs: docker service logs ${name} on a manager.`;
  return new SwarmupError('SERVICE_FAILED', `service ${name} can't run: ${text}`, { fix });
}
