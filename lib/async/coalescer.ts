/**
 * A question that many ask at once and that is asked once for all of them. Nobody gets an answer that was begun before
 * they asked: who comes while it is being asked shares the next one.
 */
export class Coalescer<T> {
  readonly #ask: () => Promise<T>;
  #current: Promise<T> | undefined;
  #next: Promise<T> | undefined;

  constructor(ask: () => Promise<T>) {
    this.#ask = ask;
  }

  get(): Promise<T> {
    if (!this.#current) return this.#begin();
    const current = this.#current;
    this.#next ??= (async () => {
      // Whether the one before failed is for those who wait for it.
      await current.catch(() => undefined);
      this.#next = undefined;
      return this.#begin();
    })();
    return this.#next;
  }

  #begin(): Promise<T> {
    const flight = this.#ask().finally(() => {
      if (this.#current === flight) this.#current = undefined;
    });
    this.#current = flight;
    return flight;
  }
}
