/**
 * Remembers the promise of each key, so that work shared by many callers is done once.
 * A failed attempt is forgotten: the next caller tries again.
 */
export class SingleFlight<T> {
  readonly #flights = new Map<string, Promise<T>>();

  run(key: string, work: () => Promise<T>): Promise<T> {
    const known = this.#flights.get(key);
    if (known) return known;
    const flight = work();
    this.#flights.set(key, flight);
    flight.catch(() => this.forget(key, flight));
    return flight;
  }

  /** The promises kept now. */
  all(): Promise<T>[] {
    return [...this.#flights.values()];
  }

  forget(key: string, flight?: Promise<T>): void {
    if (flight === undefined || this.#flights.get(key) === flight) this.#flights.delete(key);
  }
}
