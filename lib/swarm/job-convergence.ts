import { eligible, failsForever, givenUp, givenUpInWords, NOWHERE } from './ending.ts';
import { hasEnded, inWords, isComplete, isToEnd, newest, othersInWords, troubled, unplaceable } from './tasks.ts';
import { shortageOf } from './room.ts';
import type { Convergence, PermanentFailure } from './verdict.ts';
import type { SwarmNode, SwarmService, SwarmTask } from '../contracts/swarm-types.ts';

/** How often a slot may fail before a job is given up that has no limit of its own: Swarm would try again forever. */
const MOST_FAILURES = 5;

/**
 * Whether the current iteration of a job completed, or never will. Every update of the service starts a new iteration.
 * Source: swarmkit, manager/orchestrator/jobs; manager/controlapi, UpdateService. Pure.
 */
export function judgeJob(service: SwarmService, tasks: readonly SwarmTask[], nodes: readonly SwarmNode[]): Convergence {
  const { Spec } = service;
  const up = new Set(nodes.filter((node) => node.Status.State === 'ready').map((node) => node.ID));
  const runs = (task: SwarmTask) => task.Status.State === 'running' && up.has(task.NodeID ?? '');
  const own = tasks.filter((task) => isOfIteration(service, task));
  const active = own.filter((task) => !hasEnded(task) && !isToEnd(task));
  const desired = desiredOf(service, active, own, nodes);
  const completed = newest(Spec, own.filter(isComplete)).length;
  const stopping = tasks.filter((task) => !active.includes(task) && runs(task)).length;
  const idle = active.filter((task) => !runs(task));
  const nowhere = desired === 0 && Spec.Mode.GlobalJob !== undefined;
  const waitingFor =
    completed < desired
      ? `${completed}/${desired} complete${running(active.length - idle.length)}${othersInWords(idle, nodes)}${inWords(troubled(own))}`
      : nowhere
        ? NOWHERE
        : stopping > 0
          ? `${stopping} tasks of an earlier run stopping`
          : '';
  return {
    service,
    desired,
    running: completed,
    alive: tasks.filter(runs).length,
    completed,
    working: active.some(runs),
    waitingFor,
    shortage: shortageOf(active, nodes),
    permanentFailure: nowhere ? { why: `can't run: ${NOWHERE}` } : failure(service, own, active, completed >= desired),
  };
}

const running = (count: number): string => (count > 0 ? `, ${count} running` : '');

/** The API leaves out an index of zero, that of the first iteration. */
function isOfIteration({ JobStatus }: SwarmService, { JobIteration }: SwarmTask): boolean {
  return JobIteration !== undefined && (JobIteration.Index ?? 0) === (JobStatus?.JobIteration?.Index ?? 0);
}

/**
 * How many tasks have to complete. A global job runs once on each node that is eligible when it starts: Swarm doesn't
 * look again when nodes join or return. A node without a task that has been updated since counts as such a node.
 * Source: swarmkit, manager/orchestrator/jobs, handleEvent.
 */
function desiredOf(
  service: SwarmService,
  active: readonly SwarmTask[],
  own: readonly SwarmTask[],
  nodes: readonly SwarmNode[],
): number {
  const { ReplicatedJob } = service.Spec.Mode;
  if (ReplicatedJob) return ReplicatedJob.TotalCompletions ?? ReplicatedJob.MaxConcurrent ?? 1;
  const busy = [...active, ...own.filter(isComplete)].map(({ NodeID }) => NodeID);
  const start = service.JobStatus?.LastExecution;
  const early = nodes.filter(({ UpdatedAt }) => !start || !UpdatedAt || Date.parse(UpdatedAt) <= Date.parse(start));
  return new Set([...eligible(service, early), ...busy]).size;
}

/**
 * While other tasks of the job are active, Swarm may still fill the slot of one that it gave up: it creates missing
 * tasks whenever another one ends. Source: swarmkit, manager/orchestrator/jobs, ReconcileService.
 */
function failure(
  service: SwarmService,
  own: readonly SwarmTask[],
  active: readonly SwarmTask[],
  over: boolean,
): PermanentFailure | undefined {
  if (over) return undefined;
  const message = unplaceable(active);
  if (message !== undefined) return { why: `can't run: ${message}` };
  const lost = active.length === 0 ? givenUp(service, own) : undefined;
  if (lost) return { why: givenUpInWords(service, lost), culprit: lost };
  return failsForever(service, own, MOST_FAILURES);
}
