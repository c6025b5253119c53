import { Shared } from './shared.ts';

/**
 * Answers many concurrent callers with one query. A caller never gets an answer to a query that started before its
 * call: callers that arrive during a query share the next one.
 */
export class Coalescer<T> {
  readonly #ask: (signal: AbortSignal) => Promise<T>;
  #current: Shared<T> | undefined;
  #next: Shared<T> | undefined;

  /** @param ask gets a signal that aborts when all of its callers have given up */
  constructor(ask: (signal: AbortSignal) => Promise<T>) {
    this.#ask = ask;
  }

  /** @param signal of a caller that may give up */
  get(signal?: AbortSignal): Promise<T> {
    if (this.#current) this.#next ??= this.#begin(this.#current.promise);
    else this.#current = this.#begin();
    const query = this.#next ?? this.#current;
    return signal ? query.for(signal) : query.stay();
  }

  /** @param current the query that is under way, whose failure concerns only its own callers */
  #begin(current?: Promise<T>): Shared<T> {
    const query: Shared<T> = new Shared<T>(
      async (signal) => {
        if (current) {
          await current.catch(() => undefined);
          this.#forget(query);
          this.#current = query;
        }
        try {
          return await this.#ask(signal);
        } finally {
          this.#forget(query);
        }
      },
      () => this.#forget(query),
    );
    return query;
  }

  #forget(query: Shared<T>): void {
    if (this.#current === query) this.#current = undefined;
    if (this.#next === query) this.#next = undefined;
  }
}
