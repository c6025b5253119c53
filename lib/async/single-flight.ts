import { Shared } from './shared.ts';

/**
 * Remembers the promise of each key, so that work shared by many callers is done once.
 * A failed attempt is forgotten: the next caller tries again.
 */
export class SingleFlight<T> {
  readonly #flights = new Map<string, Promise<T>>();
  readonly #shared = new WeakMap<Promise<T>, Shared<T>>();

  run(key: string, work: () => Promise<T>): Promise<T> {
    const known = this.#flights.get(key);
    if (known) return known;
    const flight = work();
    this.#flights.set(key, flight);
    flight.catch(() => this.forget(key, flight));
    return flight;
  }

  /**
   * The same for callers that may give up.
   *
   * @param work gets a signal that aborts when all of its callers have given up
   */
  share(key: string, signal: AbortSignal, work: (signal: AbortSignal) => Promise<T>): Promise<T> {
    const known = this.#flights.get(key);
    const shared = known ? this.#shared.get(known) : this.#begin(key, work);
    if (!shared) throw new Error(`${key} was begun for callers that can't give up`);
    return shared.for(signal);
  }

  #begin(key: string, work: (signal: AbortSignal) => Promise<T>): Shared<T> {
    const shared: Shared<T> = new Shared(work, () => this.forget(key, shared.promise));
    this.#shared.set(shared.promise, shared);
    void this.run(key, () => shared.promise).catch(() => undefined);
    return shared;
  }

  /** The promises kept now. */
  all(): Promise<T>[] {
    return [...this.#flights.values()];
  }

  forget(key: string, flight?: Promise<T>): void {
    if (flight === undefined || this.#flights.get(key) === flight) this.#flights.delete(key);
  }
}
