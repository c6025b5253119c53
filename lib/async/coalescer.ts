/**
 * Answers many concurrent callers with one query. A caller never gets an answer to a query that started before its
 * call: callers that arrive during a query share the next one.
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
      // A failure of the previous query concerns only its own callers.
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
