import type { Unit } from './graph.ts';
import type { Inspection } from './task.ts';
import { contextOf, type UnitIo } from './unit-context.ts';

/** What a check found before its unit's turn, and what it warned about. */
export interface Foreseen {
  readonly inspection: Inspection;
  readonly warnings: readonly (readonly [message: string, key: string])[];
}

/**
 * Checks units before it is their turn, in a cluster that is expected to match its file: then the checks of a run take
 * as long as the slowest of them, not as all that wait for each other. Checks change nothing, so looking early does no
 * harm, and what was seen counts only where nothing has to be changed and nothing has been changed since.
 */
export class LookAhead {
  readonly #looks = new Map<Unit, Promise<Foreseen | undefined>>();
  readonly #ended = new AbortController();
  readonly #queue: Unit[];
  readonly #io: Omit<UnitIo, 'emit' | 'warn'>;

  /** @param most how many checks may run at once */
  constructor(units: readonly Unit[], most: number, io: Omit<UnitIo, 'emit' | 'warn'>) {
    // Those without needs have their turn at once.
    this.#queue = units.filter(({ needs }) => needs.size > 0);
    this.#io = { ...io, signal: AbortSignal.any([io.signal, this.#ended.signal]) };
    for (const unit of this.#queue.splice(0, most)) this.#start(unit);
  }

  /** What was seen; undefined when the unit wasn't looked at, or has to be looked at in its turn. */
  async take(unit: Unit): Promise<Foreseen | undefined> {
    const seen = await this.#looks.get(unit);
    return this.#ended.signal.aborted ? undefined : seen;
  }

  /** Something is about to change, or the run is over: what was seen so far doesn't count any more. */
  end(): void {
    this.#ended.abort(new Error('the cluster is being changed'));
    this.#queue.length = 0;
  }

  /** Resolves when no check runs any more. */
  async settled(): Promise<void> {
    await Promise.all(this.#looks.values());
  }

  #start(unit: Unit): void {
    const look = this.#look(unit);
    this.#looks.set(unit, look);
    void look.then(() => {
      const following = this.#queue.shift();
      if (following) this.#start(following);
      return undefined;
    });
  }

  async #look(unit: Unit): Promise<Foreseen | undefined> {
    const warnings: [string, string][] = [];
    const warn = (message: string, key: string) => void warnings.push([message, key]);
    try {
      const ctx = contextOf(unit, { ...this.#io, emit: () => undefined, warn });
      const inspection = await unit.task.inspect(ctx);
      return inspection.changes.length === 0 ? { inspection, warnings } : undefined;
    } catch {
      // What it needs isn't in place yet: it is checked again in its turn, which reports what is wrong then.
      return undefined;
    }
  }
}
