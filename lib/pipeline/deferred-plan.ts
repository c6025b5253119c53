import type { UnitContext } from '../contracts/context.ts';
import { SwarmupError } from '../util/errors.ts';
import type { Unit } from './graph.ts';
import type { Change } from '../contracts/change.ts';
import type { Inspection } from './task.ts';

/**
 * What a planned unit leaves open for units that need it: nothing; something that exists but can't be queried before it
 * is started (`unknown`); or something that doesn't exist yet (`absent`).
 */
type Pending = 'no' | 'unknown' | 'absent';

/** The plan of a unit that can't be checked yet. */
interface DeferredPlan {
  readonly deferred: readonly Change[];
  readonly reason?: string;
}

/** Plans what doesn't exist yet: the results of earlier units are assumed instead of checked. */
export class DeferredPlans {
  readonly #pending = new Map<Unit, Pending>();

  /** Inspects a unit, or assumes what an inspection would find once the units before it are done. */
  async inspect(unit: Unit, ctx: UnitContext): Promise<Inspection | DeferredPlan> {
    const waiting = this.#waitingFor(unit);
    try {
      return await unit.task.inspect(ctx);
    } catch (error) {
      if (waiting.length === 0 || !(error instanceof SwarmupError) || error.pending === undefined) throw error;
      const absent = waiting.some((need) => this.#pending.get(need) === 'absent');
      if (absent && error.pending === 'absent') return { deferred: unit.task.planDeferred(ctx) };
      return { deferred: [], reason: `known after ${waiting.map((need) => need.key).join(', ')}` };
    }
  }

  /**
   * Records what a unit's changes leave open: `absent` after creating, or waiting for what is created; `unknown` after
   * starting.
   */
  settle(unit: Unit, changes: readonly Change[], deferred: boolean): void {
    if (changes.length === 0 && !deferred) return;
    const creates = changes.some((change) => change.action === 'create');
    const waits = this.#waitingFor(unit).some((need) => this.#pending.get(need) === 'absent');
    this.#pending.set(unit, creates || waits ? 'absent' : 'unknown');
  }

  #waitingFor(unit: Unit): Unit[] {
    return [...unit.needs].filter((need) => (this.#pending.get(need) ?? 'no') !== 'no');
  }
}
