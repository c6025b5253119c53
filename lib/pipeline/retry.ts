import type { Clock } from '../async/clock.ts';
import { SwarmupError } from '../util/errors.ts';
import type { Retry } from '../contracts/events.ts';

/** How long to wait before each further attempt, in milliseconds. */
const BACK_OFF_MS = [1_000, 3_000, 9_000] as const;

export interface RetryOptions {
  readonly clock: Clock;
  readonly signal: AbortSignal;
  readonly onRetry: (retry: Retry) => void;
}

/** Retries with back-off after errors that are known to be transient; any other error is thrown. */
export async function retrying<T>(work: () => Promise<T>, { clock, signal, onRetry }: RetryOptions): Promise<T> {
  const of = BACK_OFF_MS.length + 1;
  for (const [i, delayMs] of BACK_OFF_MS.entries()) {
    try {
      return await work();
    } catch (error) {
      if (signal.aborted || !(error instanceof SwarmupError) || !error.transient) throw error;
      onRetry({ error, attempt: i + 2, of, delayMs });
      await clock.sleep(delayMs, signal);
    }
  }
  return work();
}
