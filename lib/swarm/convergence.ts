import { eligible, failsForever, givenUp, givenUpInWords, isJob, mayEnd, NOWHERE } from './ending.ts';
import { judgeJob } from './job-convergence.ts';
import { portUpdateAhead } from './port-update.ts';
import { shortageOf } from './room.ts';
import { semanticEqual } from './semantic-equal.ts';
import {
  byAge,
  hasFailed,
  inWords,
  isComplete,
  isToEnd,
  newest,
  othersInWords,
  troubled,
  unplaceable,
} from './tasks.ts';
import type { Convergence, PermanentFailure } from './verdict.ts';
import type { SwarmNode, SwarmService, SwarmTask } from '../contracts/swarm-types.ts';

/** How often each slot may fail before a service is given up, if none of its tasks ever ran. */
const FAILURES_A_SLOT = 2;
/** How often the tasks of each slot may end before the service counts as unstable. Swarm keeps five tasks per slot. */
const ENDS_A_SLOT = 3;

export interface Expectation {
  /** Tasks have to complete: running isn't enough. A job's always have to. */
  readonly complete?: boolean;
}

/** Whether a service has converged, or never will. Pure. */
export function judge(
  service: SwarmService,
  tasks: readonly SwarmTask[],
  nodes: readonly SwarmNode[],
  { complete = false }: Expectation = {},
): Convergence {
  const { Spec } = service;
  if (isJob(Spec)) return judgeJob(service, tasks, nodes);
  const up = new Set(nodes.filter((node) => node.Status.State === 'ready').map((node) => node.ID));
  const runs = (task: SwarmTask) => task.Status.State === 'running' && up.has(task.NodeID ?? '');
  const current = tasks.filter((task) => isCurrent(service, task));
  const wanted = tasks.filter((task) => task.DesiredState === 'running' || task.DesiredState === 'ready');
  const desired = desiredOf(service, wanted, nodes);
  const alive = wanted.filter(runs);
  const completed = mayEnd(Spec) ? finished(service, current) : 0;
  const running = alive.filter((task) => isCurrent(service, task)).length + completed;
  const snapshot = { service, current, wanted, desired };
  const missing =
    complete && completed !== desired
      ? `${completed}/${desired} complete${running > completed ? `, ${running - completed} running` : ''}`
      : running !== desired || (Spec.Mode.Global !== undefined && desired === 0)
        ? `${running}/${desired} running`
        : undefined;
  return {
    service,
    desired,
    running,
    alive: alive.length,
    completed,
    working: complete && running > completed,
    waitingFor:
      updating(service) ??
      portUpdateAhead(service, wanted) ??
      (missing === undefined
        ? undefined
        : `${missing}${othersInWords(
            wanted.filter((task) => !runs(task)),
            nodes,
          )}${inWords(troubled(current))}`) ??
      leaving(tasks.filter((task) => isToEnd(task) && runs(task))),
    shortage: shortageOf(wanted, nodes),
    permanentFailure:
      failedUpdate(service, tasks, current, mayEnd(Spec) && running === desired) ??
      neverRan(snapshot) ??
      endedForGood(service, tasks) ??
      (complete && !mayEnd(Spec) ? neverCompletes() : undefined) ??
      (mayEnd(Spec) ? failsForever(service, current, ENDS_A_SLOT) : neverStays(current, desired)),
  };
}

/** How many tasks there should be. A global service whose tasks may end has one on each node, although none is left to run. */
function desiredOf(service: SwarmService, wanted: readonly SwarmTask[], nodes: readonly SwarmNode[]): number {
  const { Mode } = service.Spec;
  if (!Mode.Global) return Mode.Replicated?.Replicas ?? 0;
  if (!mayEnd(service.Spec)) return wanted.length;
  return new Set([...eligible(service, nodes), ...wanted.map(({ NodeID }) => NodeID)]).size;
}

function updating({ UpdateStatus: { State = '', Message = '' } = {} }: SwarmService): string | undefined {
  return State === 'updating' || State === 'rollback_started' ? `update ${State}: ${Message}` : undefined;
}

const leaving = (tasks: readonly SwarmTask[]): string => (tasks.length > 0 ? `${tasks.length} old tasks stopping` : '');

/** Swarm keeps tasks whose node still satisfies new constraints, and the engine sets a runtime only on services. */
const BESIDE_THE_POINT = { Placement: undefined, Runtime: undefined };

/**
 * Whether a task has its service's current specification, not one from before an update. Source: swarmkit,
 * manager/orchestrator, IsTaskDirty.
 */
function isCurrent({ Spec: { TaskTemplate: wanted } }: SwarmService, { Spec: found }: SwarmTask): boolean {
  return semanticEqual({ ...wanted, ...BESIDE_THE_POINT }, { ...found, ...BESIDE_THE_POINT });
}

/** The number of slots, or of nodes, whose last task ended successfully. Those of a slot that was scaled away don't count. */
function finished({ Spec }: SwarmService, current: readonly SwarmTask[]): number {
  return newest(Spec, current).filter((task) => isComplete(task) && task.DesiredState !== 'remove').length;
}

/** A task with the current specification that ended, and that Swarm won't restart. */
function endedForGood(service: SwarmService, tasks: readonly SwarmTask[]): PermanentFailure | undefined {
  const culprit = givenUp(service, tasks);
  if (!culprit || !isCurrent(service, culprit)) return undefined;
  return { why: givenUpInWords(service, culprit), culprit };
}

function neverCompletes(): PermanentFailure {
  return { why: "never completes: its tasks are restarted whenever they end, as it isn't a job" };
}

/**
 * An update that was rolled back has failed, even if the service runs well now: the failed tasks are those that the
 * update made.
 */
function failedUpdate(
  { UpdateStatus: { State, Message = '' } = {} }: SwarmService,
  tasks: readonly SwarmTask[],
  current: readonly SwarmTask[],
  ended: boolean,
): PermanentFailure | undefined {
  // Swarm pauses an update when a task ends soon, even if it succeeded.
  if (State === 'paused' && ended) return undefined;
  if (State !== 'rollback_completed' && State !== 'rollback_paused' && State !== 'paused') return undefined;
  const culprit = troubled(State === 'paused' ? current : tasks.filter((task) => !current.includes(task)));
  const what = State === 'paused' ? 'is half updated: the update was paused' : 'was rolled back instead of updated';
  return { why: `${what}: ${Message}${inWords(culprit)}`, culprit };
}

interface Snapshot {
  readonly service: SwarmService;
  readonly current: readonly SwarmTask[];
  readonly wanted: readonly SwarmTask[];
  readonly desired: number;
}

function neverRan({ service: { Spec }, current, wanted, desired }: Snapshot): PermanentFailure | undefined {
  const failed = current.filter(hasFailed);
  const everRan = current.some((task) => task.Status.State === 'running' || task.Status.State === 'complete');
  if (desired > 0 && !everRan && !mayEnd(Spec) && failed.length >= FAILURES_A_SLOT * desired) {
    const culprit = troubled(current);
    return { why: `can't run: no task ever ran${inWords(culprit)}`, culprit };
  }
  const message = mayEnd(Spec) && Spec.Mode.Global !== undefined && desired === 0 ? NOWHERE : unplaceable(wanted);
  return message === undefined ? undefined : { why: `can't run: ${message}` };
}

/** Tasks that keep ending without an error, as when a health check fails or the program just exits. */
function neverStays(current: readonly SwarmTask[], desired: number): PermanentFailure | undefined {
  const ended = current.filter(({ Status }) => Status.State === 'complete' || Status.State === 'failed');
  const stays = current.some(({ Status, DesiredState }) => Status.State === 'running' && !isToEnd({ DesiredState }));
  const culprit = ended.toSorted(byAge).at(-1);
  if (!culprit || stays || ended.length < ENDS_A_SLOT * desired) return undefined;
  const exit = culprit.Status.ContainerStatus?.ExitCode ?? 0;
  return {
    why: `does not stay up: its tasks keep ending soon after they start (the last with exit code ${exit})`,
    culprit,
  };
}
