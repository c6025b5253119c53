import { isAlias, isMap, isNode, isScalar, isSeq, type Alias, type Node } from 'yaml';
import { isDict, isList, type Dict, type Value } from '../values.ts';
import { Decoder } from './decode.ts';
import { problemAt, Undecodable, type Problem } from './nodes.ts';
import { parseFirst } from './parse.ts';

export type Path = readonly (string | number)[];

/** A range of characters in a file's text. */
export interface Span {
  readonly offset: number;
  readonly length: number;
}

export interface YamlFile {
  /** Undefined when the text isn't a YAML mapping. */
  readonly root: Dict | undefined;
  readonly problems: readonly Problem[];
  /** Where the value at a path is written, or the nearest existing part of it. */
  readonly spanOf: (path: Path, at?: 'value' | 'key') => Span;
}

/** What libyaml's reader accepts. Source: gopkg.in/yaml.v3, readerc.go. */
// oxlint-disable-next-line no-control-regex -- these are the characters that are refused
const CONTROL = /[\u0000-\u0008\u000B\u000C\u000E-\u001F\u007F-\u0084\u0086-\u009F\uFFFE\uFFFF]/;

/** Reads the first document of a text as Docker does: with gopkg.in/yaml.v3, into a mapping. */
export function readYaml(text: string): YamlFile {
  const broken = (problem: Problem): YamlFile => ({ root: undefined, problems: [problem], spanOf: () => START });
  const control = CONTROL.exec(text);
  if (control)
    return broken({ offset: control.index, length: 1, message: 'a control character', hint: 'expected plain text' });
  try {
    return decodeFirst(text, broken);
  } catch (error) {
    if (error instanceof Undecodable) return broken(error.problem);
    // The parser recurses as deep as the text nests.
    if (error instanceof RangeError) return broken({ ...START, message: TOO_DEEP });
    throw error;
  }
}

const TOO_DEEP = 'too many levels of nesting';

const START: Span = { offset: 0, length: 1 };

function decodeFirst(text: string, broken: (problem: Problem) => YamlFile): YamlFile {
  const first = parseFirst(text);
  const [error] = first?.errors ?? [];
  if (error) {
    const [offset, end] = error.pos;
    // The parser reports its own stack overflow as an error of the document.
    const message = /call stack/.test(error.message) ? TOO_DEEP : error.message;
    return broken({ offset, length: Math.max(1, end - offset), message });
  }
  const contents = isNode(first?.contents) ? first.contents : undefined;
  const decoder = new Decoder(anchorsOf(contents), text);
  const root = decoder.value(contents);
  if (!isDict(root)) {
    const hint = 'expected services, each with an image';
    return broken(problemAt(contents, 'the file is not a mapping', hint));
  }
  return {
    root,
    problems: decoder.problems,
    spanOf: (path, at = 'value') => spanAt(root, path, { decoder, at }),
  };
}

/** For every alias, the node with the last anchor of its name before it. */
function anchorsOf(root: Node | undefined): ReadonlyMap<Alias, Node> {
  const targets = new Map<Alias, Node>();
  const named = new Map<string, Node>();
  const visit = (node: unknown): void => {
    if (!isNode(node)) return;
    if (isAlias(node)) {
      const target = named.get(node.source);
      if (target) targets.set(node, target);
      return;
    }
    if ((isScalar(node) || isSeq(node) || isMap(node)) && node.anchor !== undefined) named.set(node.anchor, node);
    if (isSeq(node)) for (const item of node.items) visit(item);
    if (isMap(node))
      for (const { key, value } of node.items) {
        visit(key);
        visit(value);
      }
  };
  visit(root);
  return targets;
}

interface Looking {
  readonly decoder: Decoder;
  readonly at: 'value' | 'key';
}

function spanAt(root: Value, path: Path, { decoder, at }: Looking): Span {
  const { origins } = decoder;
  let value: Value = root;
  let found: Node | undefined;
  for (const [i, key] of path.entries()) {
    if (!isDict(value) && !isList(value)) break;
    const entry = origins.get(value)?.get(key);
    if (!entry) break;
    const isLast = i === path.length - 1;
    // A mapping's own place is its key: what is wrong with it as a whole is not in its first line alone.
    const isCollection = isMap(entry.value) || isSeq(entry.value);
    found = isLast && at === 'value' && !isCollection ? (entry.value ?? entry.key) : (entry.key ?? entry.value);
    value = (isDict(value) ? value.get(String(key)) : value[Number(key)]) ?? null;
  }
  const { offset, length } = problemAt(found, '');
  return { offset, length };
}
