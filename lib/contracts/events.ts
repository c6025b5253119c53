import type { ErrorCode, SwarmupError } from '../util/errors.ts';
import type { PostMortem } from '../util/post-mortem.ts';
import type { Change } from './change.ts';

export type Outcome = 'changed' | 'unchanged' | 'skipped' | 'failed';
export type Mode = 'apply' | 'plan' | 'check';
export type Phase = 'checking' | 'applying' | 'checking again';

/** How a unit ended. Times are milliseconds. */
export interface UnitResult {
  readonly task: string;
  readonly target: string;
  /** The node it is about, if it is about one. */
  readonly node?: string;
  readonly outcome: Outcome;
  readonly ms: number;
  /** What was changed; in a plan, what would be changed. */
  readonly changes: readonly Change[];
  /** Why it was skipped, or why a plan can't say more. */
  readonly reason?: string;
  readonly error?: SwarmupError;
  /** The errors after which it was tried again. */
  readonly retries?: readonly string[];
  /** It was due, but an earlier failure kept it from starting. */
  readonly notDone?: boolean;
}

export interface UnitName {
  readonly task: string;
  readonly title: string;
  readonly target: string;
}

/** A unit and the keys (`task@target`) of the units it waits for. */
export interface PlannedUnit extends UnitName {
  readonly needs: readonly string[];
}

export interface Progress {
  readonly done: number;
  readonly total: number;
}

export interface Warning {
  /** Warnings with the same key are the same warning, shown once. */
  readonly key: string;
  readonly message: string;
}

export interface RunResult {
  readonly ok: boolean;
  readonly cluster: string;
  readonly changed: number;
  readonly durationMs: number;
  readonly units: readonly UnitResult[];
  readonly warnings: readonly string[];
  readonly interrupted: boolean;
  /** Only a part of the pipeline was run. */
  readonly partial: boolean;
}

/** Everything that can happen in a run. `at` is milliseconds since the epoch. */
export type Event = { readonly at: number } & (
  | { readonly type: 'stage-started'; readonly title: string }
  | {
      readonly type: 'run-started';
      readonly pipeline: string;
      readonly cluster: string;
      readonly mode: Mode;
      readonly units: readonly PlannedUnit[];
    }
  | { readonly type: 'unit-started'; readonly unit: UnitName }
  | { readonly type: 'unit-phase'; readonly unit: UnitName; readonly phase: Phase }
  | { readonly type: 'unit-detail'; readonly unit: UnitName; readonly detail: string; readonly progress?: Progress }
  | { readonly type: 'unit-planned'; readonly unit: UnitName; readonly changes: readonly Change[] }
  | ({ readonly type: 'unit-retrying'; readonly unit: UnitName } & Retry)
  | { readonly type: 'unit-finished'; readonly unit: UnitName; readonly result: UnitResult }
  | {
      readonly type: 'command-finished';
      readonly host: string;
      readonly command: string;
      readonly exitCode: number;
      readonly ms: number;
      /** What it printed on both streams; only the end of a long output. */
      readonly printed: string;
    }
  | {
      readonly type: 'engine-asked';
      readonly host: string;
      /** The request, as it reads after "couldn't". */
      readonly what: string;
      readonly ms: number;
      readonly error?: string;
    }
  | { readonly type: 'warning'; readonly warning: Warning }
  | { readonly type: 'interrupting'; readonly running: readonly UnitName[] }
  | { readonly type: 'run-finished'; readonly result: RunResult }
);

type WithoutTime<E> = E extends Event ? Omit<E, 'at'> : never;
export type EventBody = WithoutTime<Event>;
export type Emit = (event: EventBody) => void;
export type Listener = (event: Event) => void;

/** An error in JSON output. */
export interface ErrorJson {
  readonly code: ErrorCode;
  readonly message: string;
  readonly fix: string;
  /** The last lines that a command or a task printed. */
  readonly output?: string;
  /** Of a service that failed: what is known about its tasks. */
  readonly postMortem?: PostMortem;
}

export interface Retry {
  readonly error: SwarmupError;
  /** The number of the next attempt; the first is 1. */
  readonly attempt: number;
  readonly of: number;
  readonly delayMs: number;
}
