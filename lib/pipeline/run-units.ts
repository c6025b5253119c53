import { Blocking } from './failure-propagation.ts';
import type { RunContext, UnitContext } from '../contracts/context.ts';
import { asSwarmupError, interrupted, SwarmupError } from '../util/errors.ts';
import type { Emit, Mode, RunResult, UnitResult, Retry } from '../contracts/events.ts';
import type { Unit } from './graph.ts';
import { LookAhead } from './look-ahead.ts';
import { Prerequisites } from './prerequisites.ts';
import { DeferredPlans } from './deferred-plan.ts';
import { retrying } from './retry.ts';
import { Schedule } from './schedule.ts';
import { performStep, planStep, type Gate, type StepResult } from './step.ts';
import type { Inspection } from './task.ts';
import { contextOf, nameOf } from './unit-context.ts';
import { blank, changedAgain } from './unit-result.ts';

/** The maximum number of concurrent units of all tasks: more would only wait for this computer. */
const MOST_AT_ONCE = 200;

export interface RunOptions {
  readonly pipeline: string;
  readonly mode: Mode;
  readonly context: RunContext;
  readonly emit: Emit;
  readonly signal: AbortSignal;
  /** Whether only a part of the pipeline is run. */
  readonly partial?: boolean;
  /** After a failure, continues with everything that doesn't need what failed. */
  readonly keepGoing?: boolean;
  /** Removes what swarmup made and the cluster file no longer names. */
  readonly prune?: boolean;
  /** Nothing is changed before it is open. */
  readonly gate?: Gate;
  /** What was warned about before and beside the units; it belongs to the result. */
  readonly warned?: ReadonlySet<string>;
  /** Any change is a failure: everything was expected to be done already. */
  readonly changesNothing?: boolean;
  /** The cluster is expected to match its file: units are checked before it is their turn. */
  readonly expectsNoChange?: boolean;
  /** Called after a unit has changed something, before the units that need it start. */
  readonly afterChange?: (unit: Unit) => Promise<void>;
}

/**
 * Runs units: each as soon as its needs are done, within its task's limit. After a failure no further unit is started
 * (with `keepGoing`: none that needs what failed), and running units are finished. Never throws for a unit's failure:
 * the result contains it.
 */
export async function runUnits(units: readonly Unit[], options: RunOptions): Promise<RunResult> {
  return new Run(units, options).run();
}

class Run {
  readonly #units: readonly Unit[];
  readonly #options: RunOptions;
  readonly #emit: Emit;
  readonly #results = new Map<Unit, UnitResult>();
  readonly #schedule: Schedule;
  readonly #blocking = new Blocking();
  readonly #prerequisites = new Prerequisites((unit) => this.#contextOf(unit));
  readonly #deferredPlans = new DeferredPlans();
  readonly #warnings = new Map<string, string>();
  readonly #retries = new Map<Unit, string[]>();
  #ahead: LookAhead | undefined;
  #failed = false;

  constructor(units: readonly Unit[], options: RunOptions) {
    this.#units = units;
    this.#options = options;
    this.#emit = options.emit;
    this.#schedule = new Schedule(units, MOST_AT_ONCE);
  }

  async run(): Promise<RunResult> {
    const { pipeline, mode, context, signal } = this.#options;
    const start = context.clock.now();
    this.#emit({
      type: 'run-started',
      pipeline,
      cluster: context.cluster.name,
      mode,
      units: this.#units.map((unit) => ({ ...nameOf(unit), needs: [...unit.needs].map((need) => need.key) })),
    });
    const onAbort = () =>
      // Not when the lock was lost: that is reported as an error.
      signal.reason instanceof SwarmupError ||
      this.#emit({ type: 'interrupting', running: [...this.#schedule.running].map(nameOf) });
    signal.addEventListener('abort', onAbort, { once: true });
    if (this.#options.expectsNoChange) this.#ahead = new LookAhead(this.#units, MOST_AT_ONCE, { context, signal });
    await new Promise<void>((resolve) => this.#advance(resolve));
    this.#ahead?.end();
    await this.#ahead?.settled();
    signal.removeEventListener('abort', onAbort);
    for (const unit of this.#units) if (!this.#results.has(unit)) this.#leave(unit);
    const result = this.#result(context.clock.now() - start);
    this.#emit({ type: 'run-finished', result });
    return result;
  }

  #result(durationMs: number): RunResult {
    const { context, signal, partial, warned = [] } = this.#options;
    const units = this.#units.flatMap((unit) => this.#results.get(unit) ?? []);
    return {
      ok: !this.#failed && !signal.aborted,
      cluster: context.cluster.name,
      changed: units.filter((unit) => unit.outcome === 'changed').length,
      durationMs,
      units,
      warnings: [...warned, ...this.#warnings.values()],
      interrupted: signal.aborted,
      partial: partial ?? false,
    };
  }

  /** Starts the units that may start; each unit calls it again when it ends, and the last one ends the run. */
  #advance(end: () => void): void {
    while (!this.#stopped) {
      const unit = this.#schedule.take();
      if (!unit) break;
      if (this.#blocking.blockerOf(unit)) {
        this.#leave(unit);
        this.#schedule.finish(unit);
        continue;
      }
      void this.#execute(unit).then(() => {
        this.#schedule.finish(unit);
        this.#advance(end);
      });
    }
    if (this.#schedule.running.size === 0) end();
  }

  /** Whether no further unit is started. */
  get #stopped(): boolean {
    return this.#options.signal.aborted || (this.#failed && !this.#options.keepGoing);
  }

  async #execute(unit: Unit): Promise<void> {
    const { context, signal, mode, afterChange, changesNothing } = this.#options;
    const start = context.clock.now();
    this.#emit({ type: 'unit-started', unit: nameOf(unit) });
    const finish = (rest: Pick<UnitResult, 'outcome'> & Partial<UnitResult>) =>
      this.#finish(unit, { ...blank(unit), ms: context.clock.now() - start, ...rest });
    try {
      const step = await this.#step(unit, this.#contextOf(unit));
      if (changesNothing && step.outcome === 'changed') throw changedAgain(unit, step);
      if (mode === 'apply' && step.outcome === 'changed') await afterChange?.(unit);
      finish(step);
    } catch (thrown) {
      const error = signal.aborted ? interrupted(thrown) : asSwarmupError(thrown);
      this.#failed = true;
      this.#blocking.markFailed(unit, unit);
      finish({ outcome: 'failed', error });
    }
  }

  #step(unit: Unit, ctx: UnitContext): Promise<StepResult> {
    const { mode, context, signal } = this.#options;
    const work = async () => {
      await this.#prerequisites.require(unit);
      if (mode === 'plan') return planStep(unit, ctx, this.#deferredPlans);
      return performStep(unit, ctx, {
        mode,
        prune: this.#options.prune ?? false,
        gate: this.#options.gate,
        phase: (phase) => this.#emit({ type: 'unit-phase', unit: nameOf(unit), phase }),
        planned: (changes) => {
          this.#ahead?.end();
          this.#emit({ type: 'unit-planned', unit: nameOf(unit), changes });
        },
        foreseen: await this.#foreseen(unit),
      });
    };
    const onRetry = (retry: Retry) => {
      this.#ahead?.end();
      // The manager in use may be the one that is down.
      context.swarm.forgetManager();
      this.#retries.set(unit, [...(this.#retries.get(unit) ?? []), retry.error.message]);
      this.#emit({ type: 'unit-retrying', unit: nameOf(unit), ...retry });
    };
    return retrying(work, { clock: context.clock, signal, onRetry });
  }

  async #foreseen(unit: Unit): Promise<Inspection | undefined> {
    const seen = await this.#ahead?.take(unit);
    for (const [message, key] of seen?.warnings ?? []) this.#warn(message, key);
    return seen?.inspection;
  }

  #contextOf(unit: Unit): UnitContext {
    const { context, signal } = this.#options;
    return contextOf(unit, { context, signal, emit: this.#emit, warn: (message, key) => this.#warn(message, key) });
  }

  #warn(message: string, key: string): void {
    if (this.#warnings.has(key)) return;
    this.#warnings.set(key, message);
    this.#emit({ type: 'warning', warning: { key, message } });
  }

  #finish(unit: Unit, ended: UnitResult): void {
    const retries = this.#retries.get(unit);
    const result = retries ? { ...ended, retries } : ended;
    this.#results.set(unit, result);
    this.#emit({ type: 'unit-finished', unit: nameOf(unit), result });
  }

  /** Records a unit that isn't done, and why. */
  #leave(unit: Unit): void {
    const blocker = this.#blocking.blockerOf(unit);
    if (blocker) this.#blocking.markFailed(unit, blocker.cause);
    this.#finish(unit, { ...blank(unit), outcome: 'skipped', reason: this.#reason(blocker), notDone: true });
  }

  #reason(blocker: ReturnType<Blocking['blockerOf']>): string {
    if (this.#options.signal.aborted) return 'interrupted before it started';
    if (!blocker) return 'not started after a failure';
    const { need, cause } = blocker;
    return need === cause ? `needs ${need.key}, which failed` : `needs ${need.key}, not done as ${cause.key} failed`;
  }
}
