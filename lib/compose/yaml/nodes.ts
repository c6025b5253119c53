import { isAlias, isMap, isNode, isScalar, Scalar, type Node, type YAMLMap } from 'yaml';
import { resolveScalar, type Scalar as Resolved } from './scalars.ts';

/** A problem of a document: where it is, and what is wrong. */
export interface Problem {
  readonly offset: number;
  readonly length: number;
  readonly message: string;
  readonly hint?: string;
}

/** A problem after which the rest of a document can't be decoded. */
export class Undecodable extends Error {
  readonly problem: Problem;

  constructor(node: Node | undefined, message: string, hint?: string) {
    super(message);
    this.problem = problemAt(node, message, hint);
  }
}

const QUOTED = 'expected a quoted text';
/** An escaped slash, which JSON and YAML 1.2 have, and libyaml hasn't. */
const SLASH = /(?<!\\)(?:\\\\)*\\\//;

/** What the parser accepts in the text of a scalar, and libyaml doesn't. */
export function oddities(node: Scalar, text: string, isFlow: boolean): readonly Problem[] {
  const found: Problem[] = [];
  const { type } = node;
  const [start = 0, end = 0] = node.range ?? [];
  const written = text.slice(start, end);
  if (type === Scalar.QUOTE_DOUBLE && SLASH.test(written))
    found.push(problemAt(node, "'\\/' is not an escape in Docker's YAML", 'expected / without a backslash'));
  if (type === Scalar.PLAIN && isFlow && /^:|\?/.test(written))
    found.push(problemAt(node, 'a question mark or a first colon needs quotes in brackets', QUOTED));
  return found;
}

export function isMergeKey(key: Node): boolean {
  return (
    isScalar(key) && key.type === Scalar.PLAIN && sourceOf(key) === '<<' && (key.tag === undefined || key.tag === '!')
  );
}

export function scalarOf(node: Scalar): Resolved | undefined {
  const tag = node.tag?.replace('tag:yaml.org,2002:', '');
  const quoted = node.type !== undefined && node.type !== Scalar.PLAIN;
  return resolveScalar(sourceOf(node), tag === undefined || tag === '!' ? (quoted ? 'str' : '') : tag);
}

export function sourceOf(node: Scalar): string {
  return node.source ?? '';
}

export function problemAt(node: Node | undefined, message: string, hint?: string): Problem {
  const [offset = 0, end = offset + 1] = node?.range ?? [];
  return { offset, length: end - offset, message, ...(hint === undefined ? {} : { hint }) };
}

/** The keys of a map that it had before: Go compares them as they are written, and refuses the whole file. */
export function duplicateKeys({ items }: YAMLMap): readonly Problem[] {
  const seen = new Set<string>();
  return items.flatMap(({ key }) => {
    if (!isNode(key)) return [];
    const written = isAlias(key) ? `*${key.source}` : isScalar(key) ? `.${sourceOf(key)}` : isMap(key) ? '{' : '[';
    const isKnown = seen.has(written);
    seen.add(written);
    return isKnown ? [problemAt(key, `the key ${written.slice(1)} appears twice`, 'expected every key once')] : [];
  });
}
