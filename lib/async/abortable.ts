import { interrupted } from '../util/errors.ts';

/**
 * The same promise, but given up as soon as the signal aborts: for work that doesn't end by itself then, and for work
 * that is shared with others and goes on for them.
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
    onAbort();
    reject(interrupted(signal.reason));
  };
  if (signal.aborted) giveUp();
  else signal.addEventListener('abort', giveUp, { once: true });
  try {
    return await Promise.race([work, aborted]);
  } finally {
    signal.removeEventListener('abort', giveUp);
  }
}
