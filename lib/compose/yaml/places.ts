import type { Diagnostic } from '../../util/diagnostic.ts';
import type { Span } from './read.ts';

/** Turns offsets in a text into lines and columns. */
export class Places {
  readonly #shown: string;
  readonly #text: string;
  readonly #starts: readonly number[];

  constructor(shown: string, text: string) {
    this.#shown = shown;
    this.#text = text;
    this.#starts = [0, ...[...text.matchAll(/\n/g)].map(({ index }) => index + 1)];
  }

  diagnostic({ offset, length }: Span, message: string, hint?: string): Diagnostic {
    const line = this.#lineOf(Math.min(offset, this.#text.length));
    const start = this.#starts[line] ?? 0;
    const end = this.#text.indexOf('\n', start);
    const source = this.#text.slice(start, end === -1 ? undefined : end).replace(/\r$/, '');
    return {
      file: this.#shown,
      line: line + 1,
      column: offset - start + 1,
      length: Math.max(1, length),
      message,
      ...(hint === undefined ? {} : { hint }),
      source,
    };
  }

  /** The index of the line that an offset is in. */
  #lineOf(offset: number): number {
    let low = 0;
    let high = this.#starts.length - 1;
    while (low < high) {
      const middle = Math.ceil((low + high) / 2);
      if ((this.#starts[middle] ?? 0) <= offset) low = middle;
      else high = middle - 1;
    }
    return low;
  }
}
