import type { SwarmNode, SwarmService, SwarmTask } from '../contracts/swarm-types.ts';
import type { FailedTask, PastTask } from '../util/post-mortem.ts';
import { nameOf } from './read.ts';
import { semanticEqual } from './semantic-equal.ts';
import { exitInWords } from './exit-codes.ts';
import { byAge, bySlot, hasEnded, isToEnd, isUnplaced } from './tasks.ts';

/** Which tasks explain a failure. All is pure. */

/** How many distinct errors are told. */
const MOST_ERRORS = 3;
/** How much of a slot's history. */
const HISTORY = 5;
/** The longest error, in characters: the engine's words may contain whole outputs. */
const LONGEST_ERROR = 2_000;

/** A task that stands for all that failed in the same way. */
export interface Representative {
  readonly task: SwarmTask;
  readonly alike: number;
}

/**
 * The tasks to tell of, one for each error: that of the culprit first, then the newest. Tasks of an earlier specification don't count,
 * unless they are the culprit's.
 */
export function representatives(
  service: SwarmService,
  tasks: readonly SwarmTask[],
  culprit: SwarmTask | undefined,
): readonly Representative[] {
  const own = tasks.filter((task) => task.ServiceID === service.ID);
  const template = culprit?.Spec ?? service.Spec.TaskTemplate;
  const found = grouped(service, own, template, culprit);
  if (found.length > 0) return found;
  // Without an error: what hasn't started yet, or isn't healthy yet.
  const slow = own.filter((task) => !hasEnded(task) && !isToEnd(task) && task.Status.State !== 'running');
  return grouped(service, slow, template, slow.toSorted(byAge)[0]);
}

function grouped(
  service: SwarmService,
  own: readonly SwarmTask[],
  template: SwarmTask['Spec'],
  culprit: SwarmTask | undefined,
): readonly Representative[] {
  const troubled = own
    .filter((task) => task.ID === culprit?.ID || (isInTrouble(task) && isFrom(template, task)))
    .toSorted((one, other) => byAge(other, one));
  const isFirst = ({ ID }: SwarmTask) => ID === culprit?.ID;
  const groups = [...Map.groupBy(troubled, kindOf).values()].toSorted(
    (one, other) => Number(other.some(isFirst)) - Number(one.some(isFirst)),
  );
  return groups.slice(0, MOST_ERRORS).flatMap((group) => {
    const task = group.find(isFirst) ?? group[0];
    return task ? [{ task, alike: bySlot(service.Spec, group).length - 1 }] : [];
  });
}

/** Those that wait for a node are in trouble too; a task that swarm stopped has no error. */
function isInTrouble(task: SwarmTask): boolean {
  const { State, Err } = task.Status;
  return (
    State === 'failed' || State === 'rejected' || State === 'orphaned' || isUnplaced(task) || (hasEnded(task) && !!Err)
  );
}

/** Swarm keeps tasks whose node still satisfies new constraints. */
function isFrom(
  { Placement: _one, ...wanted }: SwarmTask['Spec'],
  { Spec: { Placement: _other, ...found } }: SwarmTask,
) {
  return semanticEqual({ ...wanted, Runtime: undefined }, { ...found, Runtime: undefined });
}

/** IDs and addresses differ between tasks with the same error. */
function kindOf({ Status: { State, Err = '', ContainerStatus } }: SwarmTask): string {
  return `${State} ${ContainerStatus?.ExitCode ?? 0} ${Err.replaceAll(/\b[0-9a-z]{25}\b|\b[0-9a-f]{12,64}\b/g, '')}`;
}

/** What the managers know about a task. */
export function toldByManagers(
  service: SwarmService,
  tasks: readonly SwarmTask[],
  nodes: readonly SwarmNode[],
  { task, alike }: Representative,
): FailedTask {
  const { Status, NodeID, Slot } = task;
  const node = nodes.find(({ ID }) => ID === NodeID);
  const own = tasks.filter(({ ServiceID }) => ServiceID === service.ID);
  const slot = bySlot(service.Spec, own).find((all) => all.some(({ ID }) => ID === task.ID)) ?? [task];
  // What came after the task doesn't explain it.
  const until = slot.slice(0, slot.findIndex(({ ID }) => ID === task.ID) + 1);
  const exitCode = exitCodeOf(task);
  const exit = exitCode === undefined ? undefined : exitInWords(exitCode);
  return {
    name: `${service.Spec.Name}.${Slot ?? (node ? nameOf(node) : task.ID.slice(0, 8))}`,
    ...(node ? { node: nameOf(node) } : {}),
    ...(node && node.Status.State !== 'ready' ? { nodeState: node.Status.State } : {}),
    state: Status.State,
    ...(Status.Err ? { error: Status.Err.slice(0, LONGEST_ERROR) } : {}),
    ...(exitCode === undefined ? {} : { exitCode }),
    ...(exit === undefined ? {} : { exit }),
    alike,
    history: until.toReversed().slice(0, HISTORY).map(past),
    health: [],
  };
}

function past(task: SwarmTask): PastTask {
  const { Status, CreatedAt } = task;
  const exitCode = exitCodeOf(task);
  return {
    at: Status.Timestamp ?? CreatedAt,
    state: Status.State,
    ...(Status.Err ? { error: Status.Err.slice(0, LONGEST_ERROR) } : {}),
    ...(exitCode === undefined ? {} : { exitCode }),
  };
}

/** The API has an exit code of 0 for containers that haven't ended. */
function exitCodeOf(task: SwarmTask): number | undefined {
  const code = task.Status.ContainerStatus?.ExitCode;
  return code === 0 && task.Status.State !== 'complete' ? undefined : code;
}
