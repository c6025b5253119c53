import { isAlias, isMap, isNode, isScalar, isSeq, type Alias, type Node, type Scalar, type YAMLMap } from 'yaml';
import { Float, type Value } from '../values.ts';
import {
  duplicateKeys,
  isMergeKey,
  oddities,
  problemAt,
  scalarOf,
  sourceOf,
  Undecodable,
  type Problem,
} from './nodes.ts';
import type { Entry, Filling } from './filling.ts';
import { Version2 } from './version-2.ts';

/** Deeper nesting than any stack file has; it bounds the recursion. */
const DEEPEST = 500;

/**
 * Decodes nodes as gopkg.in/yaml.v3 decodes them into `any`, with its limit on what aliases may expand to. What Docker
 * refuses afterwards (keys that aren't texts, numbers without JSON) is a problem too.
 */
export class Decoder {
  readonly problems: Problem[] = [];
  /** What gopkg.in/yaml.v2 decodes as something else. */
  readonly version2: Version2 = new Version2();
  /** For every mapping and list, the nodes that its values come from. */
  readonly origins = new WeakMap<object, ReadonlyMap<string | number, Entry>>();
  /** Whether the value is below an `x-` key at the top of the file. */
  #isOwnData = false;
  readonly #anchors: ReadonlyMap<Alias, Node>;
  readonly #text: string;
  readonly #inside = new Set<Alias>();
  #decoded = 0;
  #fromAliases = 0;
  #depth = 0;
  /** How many collections in brackets the value is in. */
  #flows = 0;

  /** @param text the text that the nodes were parsed from */
  constructor(anchors: ReadonlyMap<Alias, Node>, text: string) {
    this.#anchors = anchors;
    this.#text = text;
  }

  value(node: Node | null | undefined): Value {
    this.#count(node);
    if (!node) return null;
    if (this.#depth > DEEPEST) throw new Undecodable(node, `more than ${DEEPEST} levels of nesting`);
    this.#depth++;
    const isFlow = (isSeq(node) || isMap(node)) && node.flow === true;
    if (isFlow) this.#flows++;
    try {
      if (isAlias(node)) return this.#through(node, (target) => this.value(target));
      if (isScalar(node)) return this.#scalar(node);
      if (isSeq(node)) return this.#list(node.items);
      return isMap(node) ? this.#mapping(node) : null;
    } finally {
      this.#depth--;
      if (isFlow) this.#flows--;
    }
  }

  /** Source: yaml.v3, decode.go, allowedAliasRatio: the share of a document's values that may come from aliases. */
  #count(node: Node | null | undefined): void {
    this.#decoded++;
    if (this.#inside.size > 0) this.#fromAliases++;
    if (this.#fromAliases <= 100 || this.#decoded <= 1000) return;
    const size = Math.min(Math.max(this.#decoded, 400_000), 4_000_000);
    if (this.#fromAliases / this.#decoded > 0.99 - (0.89 * (size - 400_000)) / 3_600_000)
      throw new Undecodable(node ?? undefined, 'aliases expand to too many values');
  }

  #through<T>(alias: Alias, use: (target: Node) => T): T {
    const target = this.#anchors.get(alias);
    if (!target)
      throw new Undecodable(alias, `there is no anchor &${alias.source} before this`, 'expected one that is defined');
    if (this.#inside.has(alias)) throw new Undecodable(alias, `the anchor &${alias.source} contains itself`);
    this.#inside.add(alias);
    try {
      return use(target);
    } finally {
      this.#inside.delete(alias);
    }
  }

  #scalar(node: Scalar): Value {
    const found = scalarOf(node);
    if (!found)
      throw new Undecodable(node, `the text does not have the form of its tag, ${node.tag}`, 'expected no tag');
    if (found.value instanceof Float && !Number.isFinite(found.value.value))
      this.problems.push(problemAt(node, 'not a number that Docker can read', 'expected a finite number, or a text'));
    this.problems.push(...oddities(node, this.#text, this.#flows > 0));
    this.#findOldBoolean(node);
    return found.value;
  }

  /** The user's own data at the top of the file matters only where an alias uses it. */
  #findOldBoolean(node: Scalar): void {
    if (!this.#isOwnData || this.#inside.size > 0) this.version2.boolean(node);
  }

  #list(items: readonly unknown[]): Value {
    const nodes = items.map((item) => (isNode(item) ? item : undefined));
    const list = nodes.map((item) => this.value(item));
    this.origins.set(list, new Map(nodes.map((value, i) => [i, { value }])));
    return list;
  }

  #mapping(node: YAMLMap): Value {
    for (const { key } of node.items) {
      if (isScalar(key)) {
        this.problems.push(...oddities(key, this.#text, this.#flows > 0));
        this.#findOldBoolean(key);
      }
      if (!isNode(key) || !this.#isText(key))
        this.problems.push(
          problemAt(isNode(key) ? key : node, 'a key is not a text', 'expected a text: quote a key that is a number'),
        );
    }
    const found = new Map<string, Value>();
    const origin = new Map<string, Entry>();
    this.origins.set(found, origin);
    this.#fill(node, { found, origin });
    return found;
  }

  /** Whether a key is a text, so that Go decodes the mapping into one with texts as keys. */
  #isText(key: Node): boolean {
    if (isAlias(key)) {
      const target = this.#anchors.get(key);
      return !target || this.#isText(target);
    }
    return isScalar(key) && (isMergeKey(key) || scalarOf(key)?.tag === 'str');
  }

  #fill(node: YAMLMap, into: Filling): void {
    const duplicates = duplicateKeys(node);
    this.problems.push(...duplicates);
    if (duplicates.length > 0) return;
    let merged: { readonly key: Node; readonly value: Node | null } | undefined;
    const before = new Set(into.before?.names);
    for (const { key, value } of node.items) {
      if (!isNode(key)) continue;
      const content = isNode(value) ? value : null;
      if (isMergeKey(key)) {
        merged = { key, value: content };
        continue;
      }
      this.#count(key);
      const name = this.#nameOf(key);
      if (name === undefined || into.taken?.has(name)) {
        this.version2.merged(name, into.before);
        continue;
      }
      into.taken?.add(name);
      if (this.#depth === 1) this.#isOwnData = name.startsWith('x-');
      if (!merged) before.add(name);
      into.found.set(name, this.value(content));
      into.origin.set(name, { key, value: content ?? undefined });
    }
    if (merged)
      this.#merge(merged, {
        ...into,
        taken: into.taken ?? new Set(into.found.keys()),
        before: { names: before, key: into.before?.key ?? merged.key },
      });
  }

  #merge({ key, value }: { readonly key: Node; readonly value: Node | null }, into: Filling): void {
    const expected = 'expected a mapping or a list of mappings after <<';
    const one = (part: unknown): void => {
      if (!isNode(part)) throw new Undecodable(key, 'there is nothing to merge', expected);
      this.#count(part);
      if (isAlias(part)) {
        this.#through(part, (target) => {
          if (!isMap(target)) throw new Undecodable(part, `&${part.source} is not a mapping`, expected);
          this.#count(target);
          this.#fill(target, into);
        });
      } else if (isMap(part)) this.#fill(part, into);
      else throw new Undecodable(part, 'this is not a mapping', expected);
    };
    if (isSeq(value)) for (const item of value.items) one(item);
    else one(value);
  }

  #nameOf(key: Node): string | undefined {
    if (isAlias(key)) return this.#through(key, (target) => this.#nameOf(target));
    if (!isScalar(key)) return undefined;
    const found = scalarOf(key);
    return found === undefined || found.value === null ? undefined : sourceOf(key);
  }
}
