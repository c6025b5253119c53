import type { ServiceSpecification, SwarmNode, SwarmTask } from '../contracts/swarm-types.ts';
import { nameOf } from './read.ts';

/** What a service's tasks tell about it. All functions are pure. */

/** States after which a task never runs again. Source: swarmkit, api/types.proto, TaskState. */
const ENDED = ['complete', 'shutdown', 'failed', 'rejected', 'remove', 'orphaned'];

export function hasEnded({ Status: { State } }: SwarmTask): boolean {
  return ENDED.includes(State);
}

export function isComplete({ Status: { State } }: SwarmTask): boolean {
  return State === 'complete';
}

export function hasFailed({ Status: { State } }: SwarmTask): boolean {
  return State === 'failed' || State === 'rejected';
}

export function isToEnd({ DesiredState }: Pick<SwarmTask, 'DesiredState'>): boolean {
  return DesiredState === 'shutdown' || DesiredState === 'remove';
}

function isGlobal({ Mode }: Pick<ServiceSpecification, 'Mode'>): boolean {
  return Mode.Global !== undefined || Mode.GlobalJob !== undefined;
}

/**
 * The tasks of each slot, the oldest first; those of a global service by node. The API leaves out a slot of zero, which
 * the first task of a replicated job has.
 */
export function bySlot(spec: Pick<ServiceSpecification, 'Mode'>, tasks: readonly SwarmTask[]): SwarmTask[][] {
  const global = isGlobal(spec);
  return [...Map.groupBy(tasks.toSorted(byAge), ({ NodeID, Slot = 0 }) => (global ? NodeID : Slot)).values()];
}

/** The newest task of each slot, or of each node. */
export function newest(spec: Pick<ServiceSpecification, 'Mode'>, tasks: readonly SwarmTask[]): readonly SwarmTask[] {
  return bySlot(spec, tasks).flatMap((slot) => slot.at(-1) ?? []);
}

export function byAge(one: SwarmTask, other: SwarmTask): number {
  return one.CreatedAt.localeCompare(other.CreatedAt);
}

/** The newest task that has an error. */
export function troubled(tasks: readonly SwarmTask[]): SwarmTask | undefined {
  return tasks
    .filter((task) => task.Status.Err)
    .toSorted(byAge)
    .at(-1);
}

/**
 * Whether the scheduler found no node for a task. The node of a global service's task is known before: it has the reason alone. Source:
 * swarmkit, manager/scheduler, noSuitableNode and taskFitNode.
 */
export function isUnplaced({ Status: { State, Err = '' } }: SwarmTask): boolean {
  return State === 'pending' && Err !== '';
}

/** The scheduler's message, in one form for all services. */
export function schedulersWords({ Status: { Err = '' } }: SwarmTask): string {
  return Err.startsWith('no suitable node') ? Err : `no suitable node (${Err})`;
}

/** The scheduler's message if no task can be placed: all that should run are pending. */
export function unplaceable(wanted: readonly SwarmTask[]): string | undefined {
  const [first] = wanted;
  return first && wanted.every(isUnplaced) ? schedulersWords(first) : undefined;
}

/** The states of the tasks that don't run, with the nodes that are away: ", 2 preparing, 1 running on m1 (down)". */
export function othersInWords(tasks: readonly SwarmTask[], nodes: readonly SwarmNode[]): string {
  const away = new Map(nodes.filter(({ Status }) => Status.State !== 'ready').map((node) => [node.ID, node]));
  const states = tasks.map(({ Status: { State }, NodeID = '' }) => {
    const node = away.get(NodeID);
    if (node) return `${State} on ${nameOf(node)} (${node.Status.State})`;
    return State === 'running' ? 'on a node that is gone' : State;
  });
  const counts = Object.entries(Object.groupBy(states, (state) => state)).map(
    ([state, all = []]) => `${all.length} ${state}`,
  );
  return counts.map((count) => `, ${count}`).join('');
}

/** A task's full error. */
export function inWords(task: SwarmTask | undefined): string {
  if (!task) return '';
  const { State, Err, ContainerStatus } = task.Status;
  const exit = ContainerStatus?.ExitCode;
  return `; a task is ${State}${Err ? `: ${Err}` : ''}${exit ? ` (exit code ${exit})` : ''}`;
}
