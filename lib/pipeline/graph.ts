import type { Cluster } from '../config/model.ts';
import type { World } from '../contracts/context.ts';
import { SwarmupError } from '../util/errors.ts';
import type { Need, Task } from './task.ts';
import type { Target } from '../contracts/target.ts';

/** One (task, target): the unit of scheduling. */
export interface Unit {
  readonly task: Task;
  readonly target: Target;
  readonly key: string;
  /** Its index among all units of the pipeline. */
  readonly index: number;
  /** The units that must be done before. */
  readonly needs: ReadonlySet<Unit>;
  /** The needs that may fail when the run keeps going. */
  readonly tolerated: ReadonlySet<Unit>;
  /** Its direct needs outside the selection: they have to be in place already. */
  readonly leftOut: readonly Unit[];
}

/** A unit while the graph is being built. */
interface Draft {
  readonly unit: Unit;
  readonly needs: Set<Unit>;
  readonly tolerated: Set<Unit>;
  readonly leftOut: Unit[];
}

/** Which units of a pipeline to run. Empty or missing means all. */
export interface Selection {
  readonly only?: readonly string[];
  readonly from?: string;
  readonly to?: string;
  readonly skip?: readonly string[];
  readonly nodes?: readonly string[];
}

/**
 * Checks a pipeline before the first connection: every ID once, every need known, no cycle. A pipeline may leave out a
 * task that another needs, which is then assumed to be done.
 *
 * @param known the IDs of all existing tasks
 * @throws SwarmupError TASKS_INVALID naming the tasks concerned
 */
export function checkTasks(tasks: readonly Task[], known: readonly string[]): void {
  const ids = new Set<string>();
  for (const task of tasks) {
    if (ids.has(task.id)) throw invalid(`the task '${task.id}' is in the pipeline twice`);
    ids.add(task.id);
  }
  const byId = new Map(tasks.map((task) => [task.id, task]));
  const done = new Set<string>();
  const visit = (task: Task, trail: readonly string[]): void => {
    if (trail.includes(task.id))
      throw invalid(`these tasks need each other: ${[...trail.slice(trail.indexOf(task.id)), task.id].join(' → ')}`);
    if (done.has(task.id)) return;
    for (const need of task.needs) {
      const other = byId.get(need.task);
      if (!other && !known.includes(need.task))
        throw invalid(`the task '${task.id}' needs '${need.task}', which doesn't exist`);
      if (other) visit(other, [...trail, task.id]);
    }
    done.add(task.id);
  };
  for (const task of tasks) visit(task, []);
}

function invalid(message: string): SwarmupError {
  return new SwarmupError('TASKS_INVALID', message, {
    fix: 'Correct the `needs` of the tasks named, or the `after` of their targets.',
  });
}

/**
 * Lays a pipeline out as units. Order passes through units that aren't selected: what comes before them still comes
 * first.
 */
export function layOut(tasks: readonly Task[], cluster: Cluster, world: World, selection: Selection = {}): Unit[] {
  const drafts = new Map<string, Draft[]>();
  let index = 0;
  for (const task of tasks)
    drafts.set(
      task.id,
      task.targets(cluster, world).map((target) => draft(task, target, index++)),
    );
  const all = [...drafts.values()].flat();
  for (const { unit, needs, tolerated } of all) {
    const strict = new Set<Unit>();
    for (const need of unit.task.needs)
      for (const other of drafts.get(need.task) ?? [])
        if (applies(need, other.unit.target, unit.target, world)) {
          needs.add(other.unit);
          (need.tolerant ? tolerated : strict).add(other.unit);
        }
    for (const { task, target } of unit.target.after ?? []) {
      const other = drafts.get(task)?.find((one) => one.unit.target.id === target);
      if (!other) continue;
      needs.add(other.unit);
      strict.add(other.unit);
    }
    // A unit may strictly need one unit of a task, and tolerate failures of the others.
    for (const other of strict) tolerated.delete(other);
  }

  requireOrder(all.map(({ unit }) => unit));
  const chosen = choice(tasks, selection);
  for (const one of all) {
    if (!chosen(one.unit)) continue;
    one.leftOut.push(...[...one.needs].filter((need) => !chosen(need) && mustBeInPlace(need, one, selection)));
    contract(one, chosen);
  }
  return all.map(({ unit }) => unit).filter(chosen);
}

/**
 * Refuses units that wait for each other, which would never start: targets may add an order that contradicts that of
 * the tasks.
 */
function requireOrder(units: readonly Unit[]): void {
  if (!units.some(({ target }) => target.after)) return;
  const done = new Set<Unit>();
  const trail = new Set<Unit>();
  const visit = (unit: Unit): void => {
    if (trail.has(unit)) {
      const cycle = [...trail].slice([...trail].indexOf(unit));
      throw invalid(`these units wait for each other: ${[...cycle, unit].map(({ key }) => key).join(' → ')}`);
    }
    if (done.has(unit)) return;
    trail.add(unit);
    for (const need of unit.needs) visit(need);
    trail.delete(unit);
    done.add(unit);
  };
  for (const unit of units) visit(unit);
}

function draft(task: Task, target: Target, index: number): Draft {
  const links = { needs: new Set<Unit>(), tolerated: new Set<Unit>(), leftOut: [] };
  return { unit: { task, target, key: `${task.id}@${target.id}`, index, ...links }, ...links };
}

function choice(tasks: readonly Task[], selection: Selection): (unit: Unit) => boolean {
  const selected = selectedTasks(tasks, selection);
  return (unit) => selected.has(unit.task.id) && onChosenNode(unit, selection);
}

function onChosenNode({ target }: Unit, { nodes }: Selection): boolean {
  return !nodes?.length || target.node === undefined || nodes.includes(target.node);
}

/**
 * With `--skip` a unit isn't wanted, and with `--node` other nodes don't matter; otherwise it must have been done
 * before.
 */
function mustBeInPlace(need: Unit, { tolerated }: Draft, selection: Selection): boolean {
  if (selection.skip?.includes(need.task.id)) return false;
  return onChosenNode(need, selection) || !tolerated.has(need);
}

function applies(need: Need, other: Target, self: Target, world: World): boolean {
  if (typeof need.of === 'function') return need.of(other, self, world);
  const same = need.of === undefined ? other.node !== undefined && self.node !== undefined : need.of === 'same';
  return same ? other.node === self.node : true;
}

/** Replaces needed units outside the selection by their own needs. */
function contract({ needs, tolerated }: Draft, chosen: (unit: Unit) => boolean): void {
  for (const unit of needs) {
    if (chosen(unit)) continue;
    needs.delete(unit);
    const through = tolerated.delete(unit);
    // Iterating a Set also visits what is added meanwhile, so the replacements are checked too.
    for (const further of unit.needs) {
      if (through || unit.tolerated.has(further)) tolerated.add(further);
      needs.add(further);
    }
  }
}

function selectedTasks(tasks: readonly Task[], { only, from, to, skip }: Selection): Set<string> {
  const ids = tasks.map((task) => task.id);
  const start = from === undefined ? 0 : ids.indexOf(from);
  const end = to === undefined ? ids.length : ids.indexOf(to) + 1;
  return new Set(ids.slice(start, end).filter((id) => (!only?.length || only.includes(id)) && !skip?.includes(id)));
}
