import { isMap, isNode, isPair, type Document, type LineCounter, type Node } from 'yaml';
import type { Diagnostic } from './diagnostics.ts';
import { placeKey, type Place } from './places.ts';

export type Path = readonly PropertyKey[];

/** Finds the places of a parsed document: paths and nodes to lines and columns. */
export class Locator {
  readonly #document: Document;
  readonly #counter: LineCounter;
  readonly #file: string;
  readonly #lines: readonly string[] | undefined;
  #places: ReadonlyMap<string, Place> = new Map();

  /** @param text the document's text when it isn't the cluster file: mistakes then carry their line */
  constructor(document: Document, counter: LineCounter, file: string, text?: string) {
    this.#document = document;
    this.#counter = counter;
    this.#file = file;
    this.#lines = text?.split(/\r?\n/);
  }

  /** Uses the places of values that were read: only these lead through aliases and merged keys. */
  follow(places: ReadonlyMap<string, Place>): void {
    this.#places = places;
  }

  /** A diagnostic at the value of a path, or at the nearest existing parent. */
  at(path: Path, message: string, hint?: string): Diagnostic {
    for (let depth = path.length; depth > 0; depth--) {
      const node = this.#valueAt(path.slice(0, depth));
      if (isNode(node) && node.range) {
        // A missing key belongs to its parent: point at the parent's key rather than at all of its contents.
        return depth === path.length
          ? this.atNode(node, message, hint)
          : this.atKey(path.slice(0, depth), message, hint);
      }
    }
    return this.#place(0, 1, message, hint);
  }

  /** A diagnostic at the key that ends a path. */
  atKey(path: Path, message: string, hint?: string): Diagnostic {
    const { key } = this.#places.get(placeKey(path)) ?? {};
    if (key) return this.atNode(key, message, hint);
    const parent: unknown = path.length > 1 ? this.#document.getIn(path.slice(0, -1), true) : this.#document.contents;
    const last = String(path.at(-1));
    if (isMap(parent)) {
      const pair = parent.items.find((item) => isPair(item) && String(item.key) === last);
      if (pair && isNode(pair.key) && pair.key.range) return this.#place(pair.key.range[0], last.length, message, hint);
    }
    const node = this.#valueAt(path);
    return isNode(node) ? this.atNode(node, message, hint) : this.#place(0, 1, message, hint);
  }

  atNode(node: Node, message: string, hint?: string): Diagnostic {
    const [start = 0, end = start + 1] = node.range ?? [];
    return this.#place(start, end - start, message, hint);
  }

  atOffset(offset: number, length: number, message: string, hint?: string): Diagnostic {
    return this.#place(offset, length, message, hint);
  }

  #valueAt(path: Path): unknown {
    return this.#places.get(placeKey(path))?.value ?? this.#document.getIn(path, true);
  }

  #place(offset: number, length: number, message: string, hint?: string): Diagnostic {
    const { line, col } = this.#counter.linePos(offset);
    const source = this.#lines?.[Math.max(1, line) - 1];
    return {
      file: this.#file,
      line: Math.max(1, line),
      column: Math.max(1, col),
      length,
      message,
      ...(hint ? { hint } : {}),
      ...(source === undefined ? {} : { source }),
    };
  }
}
