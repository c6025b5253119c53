import type { UnitContext } from '../contracts/context.ts';
import { SwarmupError } from '../util/errors.ts';
import type { Unit } from './graph.ts';
import type { Change } from '../contracts/change.ts';
import type { Inspection } from './task.ts';

/**
 * What a unit leaves open for those that need it, in a plan: nothing; something that exists and can't be asked before it
 * is started (`unknown`); or something that doesn't exist yet (`absent`).
 */
type Pending = 'no' | 'unknown' | 'absent';

/** What a plan says of a unit that can't be looked at yet. */
interface DeferredPlan {
  readonly deferred: readonly Change[];
  readonly reason?: string;
}

/** Plans of what isn't there yet: what earlier steps will have changed is presumed instead of looked at. */
export class DeferredPlans {
  readonly #pending = new Map<Unit, Pending>();

  /** Inspects a unit, or presumes what an inspection would find once the steps before it are done. */
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

  /** Notes what a unit's changes leave open. Creating, or waiting for what is created, leaves it absent; starting, unknown. */
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
