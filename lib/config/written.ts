import {
  isAlias,
  isMap,
  isScalar,
  isSeq,
  visit,
  type Alias,
  type Document,
  type Node,
  type Scalar,
  type YAMLMap,
} from 'yaml';
import { plainValue } from './interpolate.ts';
import type { Path } from './locate.ts';
import { placeKey, type Place } from './places.ts';
import { below, isExtension, takes, type Shape } from './shape.ts';

interface NodeMistake {
  readonly node: Node;
  readonly message: string;
  readonly hint: string;
}

export interface Written {
  readonly value: unknown;
  /** By `placeKey`. */
  readonly places: ReadonlyMap<string, Place>;
  readonly mistakes: readonly NodeMistake[];
}

/** How many values a file may have once its aliases are resolved: short files can stand for endless ones. */
const MOST_VALUES = 200_000;

/**
 * The values of a document as a schema expects them: aliases resolved, `<<` merged, `x-` keys left out, and numbers where
 * a text is expected as they are written: `007` and `1e3` are not 7 and 1000 there.
 *
 * @param interpolated plain scalars whose text came from variables: numbers only where the schema expects no text
 */
export function writtenValues(document: Document, schema: Shape, interpolated: ReadonlySet<Scalar>): Written {
  const reader = new Reader(document, interpolated);
  const value = reader.read(document.contents, [schema], []);
  return { value, places: reader.places, mistakes: reader.mistakes };
}

type Entry = readonly [name: string, key: Node, value: Node | null];

class Reader {
  readonly places = new Map<string, Place>();
  readonly mistakes: NodeMistake[] = [];
  /** What each alias stands for: the last node before it with its anchor. */
  readonly #targets = new Map<Alias, Node | undefined>();
  readonly #interpolated: ReadonlySet<Scalar>;
  /** The nodes that contain the one being read: an alias of one of them would never end. */
  readonly #open = new Set<Node>();
  #count = 0;

  constructor(document: Document, interpolated: ReadonlySet<Scalar>) {
    this.#interpolated = interpolated;
    const anchors = new Map<string, Node>();
    visit(document, {
      Alias: (_, alias) => void this.#targets.set(alias, anchors.get(alias.source)),
      Value: (_, node) => void (node.anchor !== undefined && anchors.set(node.anchor, node)),
    });
  }

  read(written: Node | null, schema: readonly Shape[], path: Path): unknown {
    const node = this.#resolved(written);
    if (node === null || this.#isTooMuch(node)) return null;
    if (isScalar(node)) return this.#scalar(node, schema);
    this.#open.add(node);
    const value = isSeq<Node | null>(node)
      ? node.items.map((item, i) => this.#at([...path, i], undefined, item, below(schema, i)))
      : isMap<Node, Node | null>(node)
        ? this.#map(node, schema, path)
        : null;
    this.#open.delete(node);
    return value;
  }

  #at(path: Path, key: Node | undefined, written: Node | null, schema: readonly Shape[]): unknown {
    this.places.set(placeKey(path), { key, value: this.#resolved(written, false) ?? undefined });
    return this.read(written, schema, path);
  }

  #map(map: YAMLMap<Node, Node | null>, schema: readonly Shape[], path: Path): unknown {
    const entries = [...this.#entries(map).values()].filter(([name]) => !isExtension(name, schema));
    return Object.fromEntries(
      entries.map(([name, key, value]) => [name, this.#at([...path, name], key, value, below(schema, name))]),
    );
  }

  /** The entries of a map by name, with those of maps that it merges; its own come first, then those of earlier maps. */
  #entries(map: YAMLMap<Node, Node | null>): ReadonlyMap<string, Entry> {
    const own = new Map<string, Entry>();
    if (this.#isTooMuch(map)) return own;
    const merged: Entry[] = [];
    const wasOpen = this.#open.has(map);
    this.#open.add(map);
    for (const { key, value } of map.items) {
      if (isScalar(key) && key.type === 'PLAIN' && key.value === '<<') merged.push(...this.#merged(key, value));
      else if (isScalar(key)) own.set(nameOf(key), [nameOf(key), key, value]);
      else this.#wrong(key, 'a key is not a plain text', 'expected a word before the colon');
    }
    if (!wasOpen) this.#open.delete(map);
    for (const entry of merged) if (!own.has(entry[0])) own.set(entry[0], entry);
    return own;
  }

  #merged(key: Node, value: Node | null): readonly Entry[] {
    const source = this.#resolved(value);
    const maps = isSeq<Node | null>(source) ? source.items.map((item) => this.#resolved(item)) : [source];
    return maps.flatMap((map) => {
      if (isMap<Node, Node | null>(map)) return [...this.#entries(map).values()];
      this.#wrong(value ?? key, '<< merges only maps', 'expected an alias such as *NAME of a map, or a list of them');
      return [];
    });
  }

  /** What an alias stands for; any other node unchanged. */
  #resolved(node: Node | null, report = true): Node | null {
    if (!isAlias(node)) return node;
    const target = this.#targets.get(node) ?? null;
    const isOpen = target !== null && this.#open.has(target);
    if (report && target === null)
      this.#wrong(node, `there is no anchor &${node.source} before this alias`, 'expected the name of an anchor above');
    if (report && isOpen) this.#wrong(node, `*${node.source} contains itself`, 'expected an anchor that ends before');
    return isOpen ? null : target;
  }

  #isTooMuch(node: Node): boolean {
    if (this.#count++ < MOST_VALUES) return false;
    if (this.#count === MOST_VALUES + 1)
      this.#wrong(node, 'the aliases of this file stand for too many values', `expected at most ${MOST_VALUES}`);
    return true;
  }

  #scalar(node: Scalar, schema: readonly Shape[]): unknown {
    const { value, source } = node;
    const { text, other } = takes(schema);
    if (this.#interpolated.has(node)) return text ? value : plainValue(String(value));
    const isOther = typeof value === 'number' || typeof value === 'boolean' || typeof value === 'bigint';
    return isOther && text && other ? (source ?? String(value)) : value;
  }

  #wrong(node: Node, message: string, hint: string): void {
    this.mistakes.push({ node, message, hint });
  }
}

/** A key as written: 007 isn't 7. */
function nameOf({ value, source }: Scalar): string {
  if (typeof value === 'string') return value;
  return value === null ? '' : (source ?? JSON.stringify(value));
}
