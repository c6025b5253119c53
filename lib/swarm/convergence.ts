import { semanticEqual } from './semantic-equal.ts';
import type { SwarmNode, SwarmService, SwarmTask } from '../contracts/swarm-types.ts';

/** How often each slot may fail before a service none of whose tasks ever ran is given up. */
const FAILURES_A_SLOT = 2;
/** How often each slot may end before nothing else is expected of it. Swarm keeps five of each. */
const ENDS_A_SLOT = 3;

export interface Convergence {
  readonly service: SwarmService;
  readonly desired: number;
  /** Tasks that run as the service says now, and those that have done their work where the service lets them end. */
  readonly running: number;
  /** Tasks that run, also as it said before an update. */
  readonly alive: number;
  /** Empty when it has converged; else what is still to happen. */
  readonly waitingFor: string;
  /** Why it never will. */
  readonly permanentFailure: PermanentFailure | undefined;
}

export interface PermanentFailure {
  /** What is the matter, as it reads after the service's name; with the engine's own words. */
  readonly why: string;
  /** The task whose end says most. */
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

/** Swarm leaves tasks alone that new constraints still allow where they are; and the engine gives only services a run-time. */
const BESIDE_THE_POINT = { Placement: undefined, Runtime: undefined };

/**
 * Whether a task is as its service says now, and not as it said before an update. Source: swarmkit, manager/orchestrator, IsTaskDirty.
 */
function isCurrent({ Spec: { TaskTemplate: wanted } }: SwarmService, { Spec: found }: SwarmTask): boolean {
  return semanticEqual({ ...wanted, ...BESIDE_THE_POINT }, { ...found, ...BESIDE_THE_POINT });
}

/** Whether tasks that end well stay ended. Source: docs.docker.com, "docker service create", --restart-condition. */
function mayEnd({ Spec }: SwarmService): boolean {
  const condition = Spec.TaskTemplate.RestartPolicy?.Condition;
  return condition === 'none' || condition === 'on-failure';
}

/** In how many slots, or on how many nodes, the last task ended well. */
function finished(current: readonly SwarmTask[]): number {
  return latest(current).filter(({ Status }) => Status.State === 'complete').length;
}

/** The newest task of each slot; of a global service, of each node. */
function latest(tasks: readonly SwarmTask[]): readonly SwarmTask[] {
  const inOrder = tasks.toSorted((one, other) => one.CreatedAt.localeCompare(other.CreatedAt));
  return [...new Map(inOrder.map((task) => [task.Slot ?? task.NodeID, task])).values()];
}

/** Nothing starts what failed again. */
function endedBadly({ Spec }: SwarmService, current: readonly SwarmTask[]): PermanentFailure | undefined {
  if (Spec.TaskTemplate.RestartPolicy?.Condition !== 'none') return undefined;
  const culprit = latest(current).find(({ Status }) => Status.State === 'failed' || Status.State === 'rejected');
  if (!culprit) return undefined;
  return { why: `has a task that failed, and restart condition none leaves it so${inWords(culprit)}`, culprit };
}

function isToEnd({ DesiredState }: Pick<SwarmTask, 'DesiredState'>): boolean {
  return DesiredState === 'shutdown' || DesiredState === 'remove';
}

/** An update that was taken back failed, however well the service runs now; what failed are the tasks that it made. */
function failedUpdate(
  { UpdateStatus: { State, Message = '' } = {} }: SwarmService,
  others: readonly SwarmTask[],
  current: readonly SwarmTask[],
): PermanentFailure | undefined {
  if (State !== 'rollback_completed' && State !== 'rollback_paused' && State !== 'paused') return undefined;
  const culprit = troubled(State === 'paused' ? current : others);
  const what = State === 'paused' ? 'is half updated: the update was paused' : 'was not updated, but rolled back';
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

/** Tasks that end again and again, without an error: what a container is whose health check fails, or whose program just ends. */
function neverStays(current: readonly SwarmTask[], desired: number): PermanentFailure | undefined {
  const ended = current.filter(({ Status }) => Status.State === 'complete' || Status.State === 'failed');
  const stays = current.some(({ Status, DesiredState }) => Status.State === 'running' && !isToEnd({ DesiredState }));
  const [culprit] = ended.toSorted((a, b) => b.CreatedAt.localeCompare(a.CreatedAt));
  if (!culprit || stays || ended.length < ENDS_A_SLOT * desired) return undefined;
  const exit = culprit.Status.ContainerStatus?.ExitCode ?? 0;
  return {
    why: `doesn't stay up: its tasks end soon after they start, again and again (the last with exit code ${exit})`,
    culprit,
  };
}

/** What the tasks that don't run are doing: ", 2 preparing, 1 on a node that is away". */
function othersInWords(tasks: readonly SwarmTask[]): string {
  const states = tasks.map(({ Status: { State } }) => (State === 'running' ? 'on a node that is away' : State));
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

/** A task's error, whole. */
function inWords(task: SwarmTask | undefined): string {
  if (!task) return '';
  const exit = task.Status.ContainerStatus?.ExitCode;
  return `; a task is ${task.Status.State}: ${task.Status.Err}${exit ? ` (exit code ${exit})` : ''}`;
}
