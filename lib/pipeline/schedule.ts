import type { Unit } from './graph.ts';
import type { Task } from './task.ts';

/** Decides which units may start: those whose needs are done, within the limits of their task and of the whole run. */
export class Schedule {
  readonly running = new Set<Unit>();
  readonly #most: number;
  /** The number of needs of each unit that aren't done yet. */
  readonly #open = new Map<Unit, number>();
  readonly #dependents = new Map<Unit, Unit[]>();
  readonly #ready = new Set<Unit>();
  readonly #ofTask = new Map<Task, number>();

  /** @param most how many units may run at once, of all tasks together */
  constructor(units: readonly Unit[], most: number) {
    this.#most = most;
    for (const unit of units) {
      this.#open.set(unit, unit.needs.size);
      if (unit.needs.size === 0) this.#ready.add(unit);
      for (const need of unit.needs) {
        const dependents = this.#dependents.get(need);
        if (dependents) dependents.push(unit);
        else this.#dependents.set(need, [unit]);
      }
    }
  }

  /** The next unit to start, now counted as running; undefined when none may start at the moment. */
  take(): Unit | undefined {
    if (this.running.size >= this.#most) return undefined;
    for (const unit of this.#ready) {
      const siblings = this.#ofTask.get(unit.task) ?? 0;
      if (siblings >= unit.task.limit) continue;
      this.#ready.delete(unit);
      this.running.add(unit);
      this.#ofTask.set(unit.task, siblings + 1);
      return unit;
    }
    return undefined;
  }

  /** Records that a unit has ended, successfully or not; units that waited only for it become ready. */
  finish(unit: Unit): void {
    this.running.delete(unit);
    this.#ofTask.set(unit.task, (this.#ofTask.get(unit.task) ?? 1) - 1);
    for (const dependent of this.#dependents.get(unit) ?? []) {
      const open = (this.#open.get(dependent) ?? 1) - 1;
      this.#open.set(dependent, open);
      if (open === 0) this.#ready.add(dependent);
    }
  }
}
