import { madeOnlyBy } from '../contracts/change.ts';
import { sentenceOf } from '../contracts/change-sentence.ts';
import type { UnitContext } from '../contracts/context.ts';
import { asSwarmupError, SwarmupError } from '../util/errors.ts';
import type { Unit } from './graph.ts';

/** A unit that has to be done first, and the evidence that it isn't. */
interface Missing {
  readonly unit: Unit;
  readonly seen: string;
}

/** Checks that the units outside the selection are in place: each is checked once per run, and only when needed. */
export class Prerequisites {
  readonly #looks = new Map<Unit, Promise<Missing | undefined>>();
  readonly #contextOf: (unit: Unit) => UnitContext;

  constructor(contextOf: (unit: Unit) => UnitContext) {
    this.#contextOf = contextOf;
  }

  /** @throws SwarmupError PREREQUISITE_MISSING naming the earliest unit that is missing */
  async require(unit: Unit): Promise<void> {
    const looks = await Promise.all(unit.leftOut.map((need) => this.#look(need)));
    const missing = earliest(looks);
    if (!missing) return;
    const { task, target } = missing.unit;
    throw new SwarmupError(
      'PREREQUISITE_MISSING',
      `${unit.task.id} on ${unit.target.id} needs ${task.id} on ${target.id}, which is not in place: ${missing.seen}`,
      { fix: `Run that step first ('swarmup up --to ${task.id}'), or everything: swarmup up` },
    );
  }

  #look(unit: Unit): Promise<Missing | undefined> {
    const known = this.#looks.get(unit);
    if (known) return known;
    const look = this.#inspect(unit);
    this.#looks.set(unit, look);
    return look;
  }

  /** The earliest unit that isn't in place: one before this unit, or this unit itself. */
  async #inspect(unit: Unit): Promise<Missing | undefined> {
    const ctx = this.#contextOf(unit);
    let seen: string;
    try {
      const { changes } = await unit.task.inspect(ctx);
      const left = changes.filter((change) => madeOnlyBy(change) === undefined);
      if (left.length === 0) return undefined;
      seen = left.map(sentenceOf).join('; ');
    } catch (error) {
      ctx.signal.throwIfAborted();
      seen = asSwarmupError(error).message;
    }
    const before = await Promise.all([...unit.needs].map((need) => this.#look(need)));
    return earliest(before) ?? { unit, seen };
  }
}

function earliest(looks: readonly (Missing | undefined)[]): Missing | undefined {
  const missing = looks.filter((look) => look !== undefined);
  return missing.toSorted((a, b) => a.unit.index - b.unit.index)[0];
}
