import type { Unit } from './graph.ts';

/** Which units can't be done any more, because something they need wasn't. */
export class Blocking {
  /** Units that failed, or were not started, each with the failure that is the reason. */
  readonly #lost = new Map<Unit, Unit>();

  /** @param cause the unit whose failure is the reason; the unit itself where it failed */
  markFailed(unit: Unit, cause: Unit): void {
    this.#lost.set(unit, cause);
  }

  /**
   * The need that keeps a unit from being done, if there is one, rather one that failed than one that was left because
   * of it. Needs that are tolerated block it only where none of the same task could be done.
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
