import type { Unit } from './graph.ts';

/** Tracks the units that can't run any more, because a unit they need failed. */
export class Blocking {
  /** Units that failed or weren't started, each with the unit whose failure is the cause. */
  readonly #lost = new Map<Unit, Unit>();

  /** @param cause the unit whose failure is the cause; the unit itself if it failed */
  markFailed(unit: Unit, cause: Unit): void {
    this.#lost.set(unit, cause);
  }

  /**
   * The need that blocks a unit, if any; a failed one is preferred over one that was skipped. Tolerated needs block it
   * only when no unit of the same task could be done.
   */
  blockerOf(unit: Unit): { readonly need: Unit; readonly cause: Unit } | undefined {
    const found = [...unit.needs].flatMap((need) => {
      const cause = this.#lost.get(need);
      return cause && this.#blocks(need, unit) ? [{ need, cause }] : [];
    });
    return found.find(({ need, cause }) => need === cause) ?? found[0];
  }

  #blocks(need: Unit, unit: Unit): boolean {
    if (!unit.tolerated.has(need)) return true;
    return [...unit.needs].every((other) => other.task !== need.task || this.#lost.has(other));
  }
}
