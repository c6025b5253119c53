import type { NodeSpec } from './config/model.ts';
import type { RunContext, UnitContext } from './context.ts';
import { asSwarmupError, interrupted, SwarmupError } from './errors.ts';
import type { Emit, EventBody, Mode, Outcome, RunResult, UnitName, UnitResult } from './events.ts';
import type { Unit } from './graph.ts';
import { Schedule } from './schedule.ts';
import type { Change, Inspection } from './task.ts';

/** Units at work at the same time, whatever their tasks allow: more would only wait for this computer. */
const MOST_AT_ONCE = 200;

export interface RunOptions {
  readonly pipeline: string;
  readonly mode: Mode;
  readonly context: RunContext;
  readonly emit: Emit;
  readonly signal: AbortSignal;
  /** Only a part of the pipeline is run. */
  readonly partial?: boolean;
}

/**
 * Runs units: each as soon as all it needs is done, within its task's limit. After a failure no unit is started any
 * more, and those that run are finished. Never throws for a unit's failure: the result says it.
 */
export async function runUnits(units: readonly Unit[], options: RunOptions): Promise<RunResult> {
  return new Run(units, options).run();
}

/**
 * What a unit leaves open for those that need it, in a plan: nothing; something that exists and can't be asked before it
 * is started (`unknown`); or something that doesn't exist yet (`absent`).
 */
type Pending = 'no' | 'unknown' | 'absent';

type Done = { readonly result: UnitResult; readonly pending: Pending };

class Run {
  readonly #units: readonly Unit[];
  readonly #options: RunOptions;
  readonly #emit: Emit;
  readonly #done = new Map<Unit, Done>();
  readonly #schedule: Schedule;
  readonly #warnings = new Map<string, string>();
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
    this.#emit({ type: 'run-started', pipeline, cluster: context.cluster.name, mode, units: this.#units.map(nameOf) });
    const onAbort = () =>
      this.#emit({ type: 'interrupting', running: [...this.#schedule.running].map((unit) => unit.key) });
    signal.addEventListener('abort', onAbort, { once: true });
    await new Promise<void>((resolve) => this.#advance(resolve));
    signal.removeEventListener('abort', onAbort);
    for (const unit of this.#units) if (!this.#done.has(unit)) this.#finish(unit, this.#notStarted(unit), 'no');

    const results = this.#units.flatMap((unit) => this.#done.get(unit)?.result ?? []);
    const result: RunResult = {
      ok: !this.#failed && !signal.aborted,
      cluster: context.cluster.name,
      changed: results.filter((r) => r.outcome === 'changed').length,
      durationMs: context.clock.now() - start,
      units: results,
      warnings: [...this.#warnings.values()],
      interrupted: signal.aborted,
      partial: this.#options.partial ?? false,
    };
    this.#emit({ type: 'run-finished', result });
    return result;
  }

  /** Starts what may start; each unit that ends calls it again, and the last one ends the run. */
  #advance(end: () => void): void {
    while (!this.#failed && !this.#options.signal.aborted) {
      const unit = this.#schedule.take();
      if (!unit) break;
      void this.#execute(unit).then(() => {
        this.#schedule.finish(unit);
        this.#advance(end);
      });
    }
    if (this.#schedule.running.size === 0) end();
  }

  async #execute(unit: Unit): Promise<void> {
    const { clock } = this.#options.context;
    const start = clock.now();
    this.#emit({ type: 'unit-started', unit: nameOf(unit) });
    const finish = (outcome: Outcome, rest: Partial<UnitResult>, pending: Pending = 'no') =>
      this.#finish(
        unit,
        { task: unit.task.id, target: unit.target.id, outcome, ms: clock.now() - start, changes: [], ...rest },
        pending,
      );
    try {
      const step = await this.#step(unit, this.#contextOf(unit));
      finish(step.outcome, step, step.pending);
    } catch (thrown) {
      const error = this.#options.signal.aborted ? interrupted(thrown) : asSwarmupError(thrown);
      this.#failed = true;
      finish('failed', { error });
    }
  }

  async #step(
    unit: Unit,
    ctx: UnitContext,
  ): Promise<{ outcome: Outcome; changes: readonly Change[]; reason?: string; pending: Pending }> {
    const { mode } = this.#options;
    const inspection = await this.#inspect(unit, ctx);
    if ('presumed' in inspection) {
      const { presumed, reason } = inspection;
      return {
        outcome: presumed.length > 0 ? 'changed' : 'unchanged',
        changes: presumed,
        pending: this.#pending(unit, presumed),
        ...(reason ? { reason } : {}),
      };
    }
    const { changes, skipped } = inspection;
    if (skipped !== undefined) return { outcome: 'skipped', changes: [], reason: skipped, pending: 'no' };
    if (changes.length === 0) return { outcome: 'unchanged', changes, pending: 'no' };
    if (mode === 'plan') return { outcome: 'changed', changes, pending: this.#pending(unit, changes) };
    if (mode === 'check') throw notAsConfigured(changes);
    this.#phase(unit, 'applying');
    await inspection.apply();
    this.#phase(unit, 'checking again');
    const left = (await unit.task.inspect(ctx)).changes;
    if (left.length > 0) throw notConverged(unit, left);
    return { outcome: 'changed', changes, pending: 'no' };
  }

  /** A check; in a plan, one that can't be made yet because of an earlier step is presumed. */
  async #inspect(unit: Unit, ctx: UnitContext): Promise<Inspection | { presumed: readonly Change[]; reason?: string }> {
    const waiting = this.#options.mode === 'plan' ? this.#waitingFor(unit) : [];
    try {
      return await unit.task.inspect(ctx);
    } catch (error) {
      if (waiting.length === 0 || !(error instanceof SwarmupError) || error.pending === undefined) throw error;
      const absent = waiting.some((need) => this.#done.get(need)?.pending === 'absent');
      if (absent && error.pending === 'absent') return { presumed: unit.task.presume(ctx) };
      return { presumed: [], reason: `known after ${waiting.map((need) => need.key).join(', ')}` };
    }
  }

  #waitingFor(unit: Unit): Unit[] {
    return [...unit.needs].filter((need) => (this.#done.get(need)?.pending ?? 'no') !== 'no');
  }

  /** What creates something, or waits for something that is created, leaves that absent; starting leaves it unknown. */
  #pending(unit: Unit, changes: readonly Change[]): Pending {
    const creates = changes.some((change) => change.action === 'create');
    const waits = this.#waitingFor(unit).some((need) => this.#done.get(need)?.pending === 'absent');
    return creates || waits ? 'absent' : 'unknown';
  }

  #contextOf(unit: Unit): UnitContext {
    const { context, signal } = this.#options;
    const report: UnitContext['report'] = (detail, progress) =>
      this.#emit({ type: 'unit-detail', unit: nameOf(unit), detail, ...(progress ? { progress } : {}) });
    const warn = (message: string, key = message) => this.#warn(message, key);
    const nodeName = () => nodeOf(unit, context).name;
    return {
      ...context,
      target: unit.target,
      get node() {
        return nodeOf(unit, context);
      },
      signal,
      report,
      warn,
      io: { signal, report, warn },
      host: (node) => context.remote.host(node ?? nodeName(), signal),
      engine: (node) => context.remote.engine(node ?? nodeName(), signal),
    };
  }

  #warn(message: string, key: string): void {
    if (this.#warnings.has(key)) return;
    this.#warnings.set(key, message);
    this.#emit({ type: 'warning', warning: { key, message } });
  }

  #phase(unit: Unit, phase: Extract<EventBody, { type: 'unit-phase' }>['phase']): void {
    this.#emit({ type: 'unit-phase', unit: nameOf(unit), phase });
  }

  #finish(unit: Unit, result: UnitResult, pending: Pending): void {
    this.#done.set(unit, { result, pending });
    this.#emit({ type: 'unit-finished', unit: nameOf(unit), result });
  }

  #notStarted(unit: Unit): UnitResult {
    const blocked = [...unit.needs].find((need) => this.#done.get(need)?.result.outcome === 'failed');
    const reason = this.#options.signal.aborted
      ? 'interrupted before it started'
      : blocked
        ? `needs ${blocked.key}, which failed`
        : 'not started after a failure';
    return { task: unit.task.id, target: unit.target.id, outcome: 'skipped', ms: 0, changes: [], reason };
  }
}

function nameOf(unit: Unit): UnitName {
  return { task: unit.task.id, title: unit.task.title, target: unit.target.id };
}

function nodeOf(unit: Unit, { cluster }: RunContext): NodeSpec {
  const node = cluster.nodes.find((n) => n.name === unit.target.node);
  if (!node) throw new Error(`the unit ${unit.key} has no node of this cluster`);
  return node;
}

function list(changes: readonly Change[]): string {
  return changes.map((change) => change.summary).join('; ');
}

function notAsConfigured(changes: readonly Change[]): SwarmupError {
  return new SwarmupError('NOT_AS_CONFIGURED', `not as the cluster file says: ${list(changes)}`, {
    fix: "Run 'swarmup up' to bring it there, or 'swarmup plan' to see all that differs.",
  });
}

function notConverged(unit: Unit, left: readonly Change[]): SwarmupError {
  return new SwarmupError('NOT_CONVERGED', `${unit.key} was applied, and a second look still finds: ${list(left)}`, {
    fix: 'Something else may be changing it at the same time. Run again; if it stays, report it with these lines.',
  });
}
