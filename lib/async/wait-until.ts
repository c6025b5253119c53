import type { Clock } from './clock.ts';
import { SwarmupError } from '../util/errors.ts';

export type Probe<T> = { readonly done: T } | Seen;

interface Seen {
  readonly seen: string;
  /** Whether something works on it, for as long as that takes: the deadline counts from the last such look. */
  readonly working?: boolean;
}

export interface Wait<T> {
  /** The condition, as it reads after "waiting until": "worker1 answers on SSH". */
  readonly until: string;
  /** Looks once: `{done}` ends the wait, `{seen}` describes the current state. Throwing ends the wait too. */
  readonly probe: (signal: AbortSignal) => Promise<Probe<T>>;
  readonly deadlineMs: number;
  readonly intervalMs: number;
  /**
   * The share of the time that looking may take, between 0 and 1, where a look slows down what is waited for: a slow look is followed by
   * a longer pause, of at most LONGEST_PAUSE_MS. Without it, every pause is `intervalMs`.
   */
  readonly share?: number;
  readonly signal: AbortSignal;
  readonly clock: Clock;
  /** What the user can do when the deadline passes. */
  readonly fix: string;
  /** Called with what was seen after every look. */
  readonly onSeen?: (seen: string) => void;
}

const LONGEST_PAUSE_MS = 3_000;

/** Looks until the condition holds; after the deadline throws TIMED_OUT, quoting what was last seen. */
export async function waitUntil<T>(wait: Wait<T>): Promise<T> {
  const { clock, signal } = wait;
  let start = clock.now();
  for (;;) {
    signal.throwIfAborted();
    const looked = clock.now();
    const result = await wait.probe(signal);
    if ('done' in result) return result.done;
    wait.onSeen?.(result.seen);
    if (result.working) start = clock.now();
    if (clock.now() - start >= wait.deadlineMs) {
      const seconds = Math.round(wait.deadlineMs / 1000);
      throw new SwarmupError(
        'TIMED_OUT',
        `gave up after ${seconds} s waiting until ${wait.until}; last seen: ${result.seen}`,
        {
          fix: wait.fix,
        },
      );
    }
    await clock.sleep(pauseAfter(clock.now() - looked, wait), signal);
  }
}

function pauseAfter(lookedMs: number, { intervalMs, share = 1 }: Pick<Wait<unknown>, 'intervalMs' | 'share'>): number {
  return Math.max(intervalMs, Math.min(LONGEST_PAUSE_MS, lookedMs * (1 / share - 1)));
}
