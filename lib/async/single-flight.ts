import { Shared } from './shared.ts';

/**
 * Remembers the promise of each key, so that work shared by many callers is done once.
 * A failed attempt is forgotten: the next caller tries again.
 */
export class SingleFlight<T> {
  readonly #flights = new Map<string, Shared<T>>();

  run(key: string, work: () => Promise<T>): Promise<T> {
    return this.#flight(key, work).stay();
  }

  /**
   * The same for callers that may give up.
   *
   * @param work gets a signal that aborts when all of its callers have given up
   */
  share(key: string, signal: AbortSignal, work: (signal: AbortSignal) => Promise<T>): Promise<T> {
    return this.#flight(key, work).for(signal);
  }

  /** The promises kept now. */
  all(): Promise<T>[] {
    return [...this.#flights.values()].map(({ promise }) => promise);
  }

  forget(key: string, flight?: Promise<T>): void {
    if (flight === undefined || this.#flights.get(key)?.promise === flight) this.#flights.delete(key);
  }

  #flight(key: string, work: (signal: AbortSignal) => Promise<T>): Shared<T> {
    const known = this.#flights.get(key);
    if (known) return known;
    const flight: Shared<T> = new Shared(work, () => this.forget(key, flight.promise));
    this.#flights.set(key, flight);
    flight.promise.catch(() => this.forget(key, flight.promise));
    return flight;
  }
}
