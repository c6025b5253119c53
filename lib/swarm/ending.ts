import type { ServiceSpecification, SwarmNode, SwarmService, SwarmTask } from '../contracts/swarm-types.ts';
import { fitsNode } from './placement.ts';
import { byAge, bySlot, hasFailed, inWords, isComplete, newest } from './tasks.ts';
import type { PermanentFailure } from './verdict.ts';

/** Services whose tasks may end: jobs, and services that don't restart what ended successfully. All is pure. */

/** Source: the Engine API, ServiceSpec.Mode; since API 1.41 (Docker 20.10). */
export function isJob({ Mode }: Pick<ServiceSpecification, 'Mode'>): boolean {
  return Mode.ReplicatedJob !== undefined || Mode.GlobalJob !== undefined;
}

/**
 * Whether tasks that end successfully aren't restarted. Jobs treat the condition any as on-failure. Source:
 * docs.docker.com, "docker service create", --restart-condition; swarmkit, manager/orchestrator/restart.
 */
export function mayEnd(spec: ServiceSpecification): boolean {
  const condition = spec.TaskTemplate.RestartPolicy?.Condition;
  return isJob(spec) || condition === 'none' || condition === 'on-failure';
}

/** How often a failed task is restarted: undefined for no limit. */
export function restarts({ TaskTemplate: { RestartPolicy } }: ServiceSpecification): number | undefined {
  if (RestartPolicy?.Condition === 'none') return 0;
  return RestartPolicy?.MaxAttempts || undefined;
}

/**
 * A task that ended and that Swarm won't restart. A restart marks the old task and creates the new one in one
 * transaction, so a marked task that is the newest has no successor. Source: swarmkit, manager/orchestrator/restart,
 * Restart.
 *
 * @param tasks all of the service, as one of another specification may be the successor
 */
export function givenUp({ Spec }: SwarmService, tasks: readonly SwarmTask[]): SwarmTask | undefined {
  const limit = restarts(Spec);
  if (limit === undefined) return undefined;
  const over = (task: SwarmTask) => hasFailed(task) || (isComplete(task) && !mayEnd(Spec));
  return newest(Spec, tasks)
    .filter((task) => over(task) && (limit === 0 || task.DesiredState === 'shutdown'))
    .toSorted(byAge)
    .at(-1);
}

/** Why a task that ended won't be replaced, to follow the service's name. */
export function givenUpInWords({ Spec }: SwarmService, culprit: SwarmTask): string {
  const limit = restarts(Spec) ?? 0;
  const what = hasFailed(culprit) ? 'failed' : 'ended';
  const why =
    limit === 0 ? "restart condition none doesn't restart it" : `its restarts are used up (maxAttempts ${limit})`;
  return `has a task that ${what}, and ${why}${inWords(culprit)}`;
}

/** How often tasks of a slot may be refused by their nodes, as when their image doesn't exist. */
const MOST_REJECTIONS = 2;

/**
 * A slot whose tasks keep failing. A global job ignores maxAttempts, and its tasks are restarted forever. Source:
 * swarmkit, manager/orchestrator/restart, shouldRestart.
 *
 * @param own the tasks that count: those of a job's iteration, or with the service's specification
 * @param most how many failures are too many where the service sets no limit
 */
export function failsForever(
  { Spec }: SwarmService,
  own: readonly SwarmTask[],
  most: number,
): PermanentFailure | undefined {
  const limit = restarts(Spec);
  for (const slot of bySlot(Spec, own)) {
    const failed = slot.filter(hasFailed);
    const culprit = failed.at(-1);
    if (!culprit || limit === 0 || slot.some((task) => isComplete(task) || task.Status.State === 'running')) continue;
    const rejected = failed.every(({ Status: { State } }) => State === 'rejected');
    const tooMany = limit === undefined ? (rejected ? MOST_REJECTIONS : most) : limit + 1;
    if (failed.length < tooMany) continue;
    const what = rejected ? "can't run: no task ever ran" : `keeps failing: ${failed.length} times so far`;
    return { why: `${what}${inWords(culprit)}`, culprit };
  }
  return undefined;
}

/** It begins like the scheduler's message, and may pass in the same way: a node may be joining. */
export const NOWHERE = 'no suitable node (no active node fits its constraints)';

/** The IDs of the nodes on which a global service, or a global job, should have a task. Source: swarmkit, orchestrator/global. */
export function eligible({ Spec }: SwarmService, nodes: readonly SwarmNode[]): readonly string[] {
  const constraints = Spec.TaskTemplate.Placement?.Constraints ?? [];
  return nodes
    .filter((node) => node.Status.State === 'ready' && node.Spec.Availability === 'active')
    .filter((node) => fitsNode(node, constraints))
    .map((node) => node.ID);
}
