import type { PostMortem } from '../util/post-mortem.ts';
import { unreachable } from '../util/unreachable.ts';
import type { Event, Listener, Mode, Outcome, UnitName } from '../contracts/events.ts';
import { asRecorded, type RecordedChange } from './recorded-change.ts';

/** A unit of a run with its times, milliseconds since the epoch; a unit without `end` was killed. */
export interface TimedUnit extends UnitName {
  readonly key: string;
  readonly needs: readonly string[];
  start: number | undefined;
  end: number | undefined;
  outcome: Outcome | undefined;
  node: string | undefined;
  changes: readonly RecordedChange[];
  reason: string | undefined;
  notDone: boolean;
  error: RecordedError | undefined;
  readonly retries: { readonly at: number; readonly message: string }[];
}

/** An error in a record. */
export interface RecordedError {
  readonly code: string;
  readonly message: string;
  readonly fix: string;
  readonly output?: string | undefined;
  readonly postMortem?: PostMortem | undefined;
}

/** One run of a pipeline; a nightly has several. */
export interface Stage {
  readonly pipeline: string;
  /** Its purpose, if a run has several stages. */
  readonly title: string | undefined;
  readonly cluster: string;
  readonly mode: Mode;
  readonly start: number;
  end: number | undefined;
  ok: boolean | undefined;
  interrupted: boolean;
  readonly units: readonly TimedUnit[];
  readonly warnings: string[];
}

/** How a run or one of its stages ended; 'cut off' if it was killed. */
export type Verdict = 'ok' | 'failed' | 'interrupted' | 'cut off';

export function verdictOf(stages: readonly Stage[]): Verdict {
  if (stages.some((stage) => stage.interrupted)) return 'interrupted';
  if (stages.some((stage) => stage.ok === false)) return 'failed';
  return stages.length === 0 || stages.some((stage) => stage.ok === undefined) ? 'cut off' : 'ok';
}

/** From the beginning of the first stage to the end of the last, in milliseconds; undefined for a killed run. */
export function durationOf(stages: readonly Stage[]): number | undefined {
  const [first, last] = [stages[0], stages.at(-1)];
  return first === undefined || last?.end === undefined ? undefined : last.end - first.start;
}

/** Assembles a run's events, live or from the record. */
export class Timeline {
  readonly stages: Stage[] = [];
  readonly #units = new Map<string, TimedUnit>();
  #title: string | undefined;

  readonly listener: Listener = (event) => this.#add(event);

  #add(event: Event): void {
    const stage = this.stages.at(-1);
    switch (event.type) {
      case 'stage-started':
        this.#title = event.title;
        return;
      case 'run-started':
        this.#begin(event);
        return;
      case 'unit-started':
        this.#change(event.unit, (unit) => (unit.start = event.at));
        return;
      case 'unit-retrying':
        this.#change(event.unit, (unit) => unit.retries.push({ at: event.at, message: event.error.message }));
        return;
      case 'unit-finished':
        this.#change(event.unit, (unit) => {
          const { outcome, changes, reason, error, notDone, node } = event.result;
          Object.assign(unit, { outcome, reason, error, node, notDone: notDone ?? false });
          unit.changes = changes.map(asRecorded);
          if (unit.start !== undefined) unit.end = event.at;
        });
        return;
      case 'warning':
        stage?.warnings.push(event.warning.message);
        return;
      case 'run-finished':
        if (stage) Object.assign(stage, { end: event.at, ok: event.result.ok, interrupted: event.result.interrupted });
        return;
      case 'unit-phase':
      case 'unit-detail':
      case 'unit-planned':
      case 'command-finished':
      case 'engine-asked':
      case 'interrupting':
        return;
      default:
        unreachable(event);
    }
  }

  #begin({ at, pipeline, cluster, mode, units }: Extract<Event, { type: 'run-started' }>): void {
    this.#units.clear();
    const timed = units.map(({ task, title, target, needs }): TimedUnit => {
      const key = `${task}@${target}`;
      const nothing = { start: undefined, end: undefined, outcome: undefined, node: undefined, reason: undefined };
      const unit = {
        task,
        title,
        target,
        key,
        needs,
        ...nothing,
        changes: [],
        notDone: false,
        error: undefined,
        retries: [],
      };
      this.#units.set(key, unit);
      return unit;
    });
    const open = { end: undefined, ok: undefined, interrupted: false, warnings: [] };
    this.stages.push({ pipeline, title: this.#title, cluster, mode, start: at, units: timed, ...open });
    this.#title = undefined;
  }

  #change({ task, target }: UnitName, change: (unit: TimedUnit) => unknown): void {
    const unit = this.#units.get(`${task}@${target}`);
    if (unit) change(unit);
  }
}

/**
 * The units that decided how long a stage took: from the last one to end, back through the unit that ended last before
 * each could start: one that it needs, or one of the same task that ran first.
 */
export function criticalPath({ units }: Stage): ReadonlySet<string> {
  const done = units.filter((unit) => unit.start !== undefined && unit.end !== undefined);
  const byKey = new Map(done.map((unit) => [unit.key, unit]));
  const path = new Set<string>();
  let current = latest(done);
  while (current && !path.has(current.key)) {
    path.add(current.key);
    const { start = 0, task, key, needs } = current;
    const before = [
      ...needs.flatMap((need) => byKey.get(need) ?? []),
      ...done.filter((unit) => unit.task === task && unit.key !== key && (unit.start ?? 0) < start),
    ];
    current = latest(before.filter((unit) => (unit.end ?? 0) <= start && !path.has(unit.key)));
  }
  return path;
}

function latest(units: readonly TimedUnit[]): TimedUnit | undefined {
  return units.reduce<TimedUnit | undefined>(
    (last, unit) => ((unit.end ?? 0) >= (last?.end ?? 0) ? unit : last),
    undefined,
  );
}
