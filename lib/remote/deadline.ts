import { SwarmupError } from '../util/errors.ts';

/** How long a command may take that only answers, in milliseconds. */
const ANSWER_MS = 15 * 60_000;
/** The same for work whose progress is followed line by line, such as an installation. */
const WORK_MS = 2 * 3_600_000;
/** The same for a transfer of data. */
const TRANSFER_MS = 12 * 3_600_000;

interface Timed {
  readonly withinMs?: number | undefined;
  readonly onLine?: unknown;
  readonly input?: unknown;
  readonly output?: unknown;
}

/** How long a command may take: every command has a deadline unless it is the user's own. */
export function deadlineOf({ withinMs, onLine, input, output }: Timed): number {
  if (withinMs !== undefined) return withinMs;
  if (output !== undefined || (typeof input === 'object' && input !== null && 'pipe' in input)) return TRANSFER_MS;
  return onLine === undefined ? ANSWER_MS : WORK_MS;
}

/** The limits of one command: when one is reached, the signal aborts with the error. */
export interface Limits {
  /** Aborts with the caller's signal too. */
  readonly signal: AbortSignal;
  /** Ends the command with this error. */
  readonly fail: (error: unknown) => void;
  /** The error that ended the command, unless the caller did. */
  readonly failure: () => { readonly error: unknown } | undefined;
  /** Throws that error. */
  readonly throwIfFailed: () => void;
  readonly end: () => void;
}

/** @param command as shown in the error */
export function limitsOf(command: string, ms: number, signal: AbortSignal | undefined): Limits {
  const controller = new AbortController();
  let failure: { readonly error: unknown } | undefined;
  const fail = (error: unknown) => {
    if (controller.signal.aborted || signal?.aborted) return;
    failure = { error };
    controller.abort(error);
  };
  // A timer of Node.js can't be set to more than 2^31 milliseconds.
  const timer = ms < 2 ** 31 ? setTimeout(() => fail(late(command, ms)), ms) : undefined;
  return {
    signal: signal ? AbortSignal.any([signal, controller.signal]) : controller.signal,
    fail,
    failure: () => failure,
    throwIfFailed: () => {
      if (failure) throw failure.error;
    },
    end: () => clearTimeout(timer),
  };
}

/** A listener whose exception fails its command instead of ending the process. */
export function guarded<A extends readonly unknown[]>(
  listener: (...values: A) => void,
  fail: (error: unknown) => void,
): (...values: A) => void {
  return (...values) => {
    try {
      listener(...values);
    } catch (error) {
      fail(error);
    }
  };
}

function late(command: string, ms: number): SwarmupError {
  const time = ms < 120_000 ? `${Math.round(ms / 1000)} s` : `${Math.round(ms / 60_000)} min`;
  return new SwarmupError('TIMED_OUT', `${command} did not end within ${time}`, {
    fix: 'The machine may be overloaded, or the command may wait for something. Run it by hand there, then run again.',
  });
}

/** The error for a command that prints more than can be kept, and whose whole output is needed. */
export function tooLong(command: string): SwarmupError {
  return new SwarmupError('ANSWER_UNREADABLE', `${command} printed more than can be read`, {
    fix: 'Run it by hand, and find out why it prints that much.',
  });
}
