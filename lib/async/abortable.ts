import { interrupted } from '../util/errors.ts';

/**
 * The same promise, abandoned as soon as the signal aborts: for work that ignores the signal, and for shared work that
 * continues for other callers.
 *
 * @param onAbort ends the work, where it can be ended
 * @throws SwarmupError INTERRUPTED
 */
export async function unlessAborted<T>(
  work: Promise<T>,
  signal: AbortSignal,
  onAbort: () => void = () => undefined,
): Promise<T> {
  const { promise: aborted, reject } = Promise.withResolvers<never>();
  const giveUp = () => {
    reject(interrupted(signal.reason));
    onAbort();
  };
  if (signal.aborted) giveUp();
  else signal.addEventListener('abort', giveUp, { once: true });
  try {
    return await Promise.race([work, aborted]);
  } finally {
    signal.removeEventListener('abort', giveUp);
  }
}
