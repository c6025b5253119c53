import { semanticEqual } from './semantic-equal.ts';
import type { SwarmNode, SwarmService, SwarmTask } from '../contracts/swarm-types.ts';

/** How often each slot may fail before a service is given up, if none of its tasks ever ran. */
const FAILURES_A_SLOT = 2;
/** How often the tasks of each slot may end before the service counts as unstable. Swarm keeps five tasks per slot. */
const ENDS_A_SLOT = 3;

export interface Convergence {
  readonly service: SwarmService;
  readonly desired: number;
  /** Tasks that run the current specification, and those that completed if the service lets tasks complete. */
  readonly running: number;
  /** Running tasks, including those of a previous specification. */
  readonly alive: number;
  /** Empty when the service has converged; otherwise what is still missing. */
  readonly waitingFor: string;
  /** Why the service will never converge. */
  readonly permanentFailure: PermanentFailure | undefined;
}

export interface PermanentFailure {
  /** The problem, worded to follow the service's name; includes the engine's own message. */
  readonly why: string;
  /** The task whose end explains most. */
  readonly culprit?: SwarmTask | undefined;
}

/** Whether a service has converged, or never will. Pure. */
export function judge(service: SwarmService, tasks: readonly SwarmTask[], nodes: readonly SwarmNode[]): Convergence {
  const current = tasks.filter((task) => isCurrent(service, task));
  const up = new Set(nodes.filter((node) => node.Status.State === 'ready').map((node) => node.ID));
  const wanted = tasks.filter((task) => task.DesiredState === 'running' || task.DesiredState === 'ready');
  const global = service.Spec.Mode.Global !== undefined;
  const desired = service.Spec.Mode.Replicated?.Replicas ?? (global ? wanted.length : 0);
  const runs = (task: SwarmTask) => task.Status.State === 'running' && up.has(task.NodeID ?? '');
  const alive = wanted.filter(runs);
  const done = mayEnd(service) ? finished(current) : 0;
  const running = alive.filter((task) => isCurrent(service, task)).length + done;
  const stopping = tasks.filter((task) => isToEnd(task) && runs(task)).length;
  const { State: update = '', Message: message = '' } = service.UpdateStatus ?? {};
  const waitingFor =
    update === 'updating' || update === 'rollback_started'
      ? `update ${update}: ${message}`
      : running !== desired || (global && desired === 0)
        ? `${running}/${desired} running${othersInWords(wanted.filter((task) => !runs(task)))}${inWords(troubled(current))}`
        : stopping > 0
          ? `${stopping} old tasks stopping`
          : '';
  const others = tasks.filter((task) => !current.includes(task));
  return {
    service,
    desired,
    running,
    alive: alive.length,
    waitingFor,
    permanentFailure:
      failedUpdate(service, others, current) ??
      neverRan(current, wanted, desired) ??
      (mayEnd(service) ? endedBadly(service, current) : neverStays(current, desired)),
  };
}

/** Swarm keeps tasks whose node still satisfies new constraints, and the engine sets a runtime only on services. */
const BESIDE_THE_POINT = { Placement: undefined, Runtime: undefined };

/**
 * Whether a task has its service's current specification, not one from before an update. Source: swarmkit,
 * manager/orchestrator, IsTaskDirty.
 */
function isCurrent({ Spec: { TaskTemplate: wanted } }: SwarmService, { Spec: found }: SwarmTask): boolean {
  return semanticEqual({ ...wanted, ...BESIDE_THE_POINT }, { ...found, ...BESIDE_THE_POINT });
}

/**
 * Whether tasks that end successfully aren't restarted. Source: docs.docker.com, "docker service create",
 * --restart-condition.
 */
function mayEnd({ Spec }: SwarmService): boolean {
  const condition = Spec.TaskTemplate.RestartPolicy?.Condition;
  return condition === 'none' || condition === 'on-failure';
}

/** The number of slots, or of nodes, whose last task ended successfully. */
function finished(current: readonly SwarmTask[]): number {
  return latest(current).filter(({ Status }) => Status.State === 'complete').length;
}

/** The newest task of each slot; of a global service, of each node. */
function latest(tasks: readonly SwarmTask[]): readonly SwarmTask[] {
  const inOrder = tasks.toSorted((one, other) => one.CreatedAt.localeCompare(other.CreatedAt));
  return [...new Map(inOrder.map((task) => [task.Slot ?? task.NodeID, task])).values()];
}

/** A failed task that won't be restarted. */
function endedBadly({ Spec }: SwarmService, current: readonly SwarmTask[]): PermanentFailure | undefined {
  if (Spec.TaskTemplate.RestartPolicy?.Condition !== 'none') return undefined;
  const culprit = latest(current).find(({ Status }) => Status.State === 'failed' || Status.State === 'rejected');
  if (!culprit) return undefined;
  return { why: `has a task that failed, and restart condition none doesn't restart it${inWords(culprit)}`, culprit };
}

function isToEnd({ DesiredState }: Pick<SwarmTask, 'DesiredState'>): boolean {
  return DesiredState === 'shutdown' || DesiredState === 'remove';
}

/**
 * An update that was rolled back has failed, even if the service runs well now: the failed tasks are those that the
 * update made.
 */
function failedUpdate(
  { UpdateStatus: { State, Message = '' } = {} }: SwarmService,
  others: readonly SwarmTask[],
  current: readonly SwarmTask[],
): PermanentFailure | undefined {
  if (State !== 'rollback_completed' && State !== 'rollback_paused' && State !== 'paused') return undefined;
  const culprit = troubled(State === 'paused' ? current : others);
  const what = State === 'paused' ? 'is half updated: the update was paused' : 'was rolled back instead of updated';
  return { why: `${what}: ${Message}${inWords(culprit)}`, culprit };
}

function neverRan(
  current: readonly SwarmTask[],
  wanted: readonly SwarmTask[],
  desired: number,
): PermanentFailure | undefined {
  const failed = current.filter((task) => task.Status.State === 'failed' || task.Status.State === 'rejected');
  const everRan = current.some((task) => task.Status.State === 'running' || task.Status.State === 'complete');
  if (desired > 0 && !everRan && failed.length >= FAILURES_A_SLOT * desired) {
    const culprit = troubled(current);
    return { why: `can't run: no task ever ran${inWords(culprit)}`, culprit };
  }
  const pending = wanted.filter(
    (task) => task.Status.State === 'pending' && /no suitable node/.test(task.Status.Err ?? ''),
  );
  const [first] = pending;
  return first?.Status.Err && pending.length === wanted.length ? { why: `can't run: ${first.Status.Err}` } : undefined;
}

/** Tasks that keep ending without an error, as when a health check fails or the program just exits. */
function neverStays(current: readonly SwarmTask[], desired: number): PermanentFailure | undefined {
  const ended = current.filter(({ Status }) => Status.State === 'complete' || Status.State === 'failed');
  const stays = current.some(({ Status, DesiredState }) => Status.State === 'running' && !isToEnd({ DesiredState }));
  const [culprit] = ended.toSorted((a, b) => b.CreatedAt.localeCompare(a.CreatedAt));
  if (!culprit || stays || ended.length < ENDS_A_SLOT * desired) return undefined;
  const exit = culprit.Status.ContainerStatus?.ExitCode ?? 0;
  return {
    why: `does not stay up: its tasks keep ending soon after they start (the last with exit code ${exit})`,
    culprit,
  };
}

/** The states of the tasks that don't run: ", 2 preparing, 1 on a node that is down". */
function othersInWords(tasks: readonly SwarmTask[]): string {
  const states = tasks.map(({ Status: { State } }) => (State === 'running' ? 'on a node that is down' : State));
  const counts = Object.entries(Object.groupBy(states, (state) => state)).map(
    ([state, all = []]) => `${all.length} ${state}`,
  );
  return counts.map((count) => `, ${count}`).join('');
}

/** The newest task that has an error. */
function troubled(tasks: readonly SwarmTask[]): SwarmTask | undefined {
  const [newest] = tasks.filter((task) => task.Status.Err).sort((a, b) => b.CreatedAt.localeCompare(a.CreatedAt));
  return newest;
}

/** A task's full error. */
function inWords(task: SwarmTask | undefined): string {
  if (!task) return '';
  const exit = task.Status.ContainerStatus?.ExitCode;
  return `; a task is ${task.Status.State}: ${task.Status.Err}${exit ? ` (exit code ${exit})` : ''}`;
}
