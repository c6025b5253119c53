import { unlessAborted } from './abortable.ts';

/** Work that several callers wait for: it is aborted when all of them have given up, not when the one that began it has. */
export class Shared<T> {
  readonly promise: Promise<T>;
  readonly #limit = new AbortController();
  readonly #onAbandoned: (() => void) | undefined;
  #waiting = 0;

  /** @param onAbandoned called when nobody waits any more, before the work is aborted */
  constructor(work: (signal: AbortSignal) => Promise<T>, onAbandoned?: () => void) {
    this.#onAbandoned = onAbandoned;
    this.promise = work(this.#limit.signal);
    // Those who wait report it.
    this.promise.catch(() => undefined);
  }

  /** The result, for one more caller, who never gives up. */
  stay(): Promise<T> {
    this.#waiting++;
    return this.promise;
  }

  /**
   * The result, for one more caller.
   *
   * @throws SwarmupError INTERRUPTED when the caller's own signal aborts
   */
  for(signal: AbortSignal): Promise<T> {
    this.#waiting++;
    return unlessAborted(this.promise, signal, () => this.#leave(signal.reason));
  }

  /** Those who got the result never leave, so what is kept for later isn't aborted. */
  #leave(reason: unknown): void {
    if (--this.#waiting > 0) return;
    this.#onAbandoned?.();
    this.#limit.abort(reason);
  }
}
