import { isAlias, isMap, isNode, isScalar, isSeq, type Alias, type Node } from 'yaml';
import { isDict, isList, type Dict, type Value } from '../values.ts';
import { Decoder } from './decode.ts';
import { problemAt, Undecodable, type Problem } from './nodes.ts';
import { omitUndefined } from '../../util/omit-undefined.ts';
import { yamlHint } from '../../util/yaml-hints.ts';
import { parseFirst } from './parse.ts';
import { tabProblems } from './tabs.ts';

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
  /** What gopkg.in/yaml.v2 reads as something else. */
  readonly older: readonly Problem[];
  /** Whether other documents follow, which Docker doesn't read. */
  readonly hasMore: boolean;
  /** Where the value at a path is written, or the nearest existing part of it. */
  readonly spanOf: (path: Path, at?: 'value' | 'key') => Span;
}

/** What libyaml's reader accepts. Source: gopkg.in/yaml.v3, readerc.go. */
// oxlint-disable-next-line no-control-regex -- these are the characters that are refused
const CONTROL = /[\u0000-\u0008\u000B\u000C\u000E-\u001F\u007F-\u0084\u0086-\u009F\uFFFE\uFFFF]/;

/** LINE SEPARATOR and PARAGRAPH SEPARATOR: a line ends there in YAML 1.1, and doesn't for editors and other programs. */
const SEPARATOR = /[\u2028\u2029]/;

/** The lines before the first document. */
const HEAD = /^\uFEFF?(?:[ \t]*(?:#.*)?\r?\n|%.*\r?\n)*/;

/** A version of YAML that Docker's parser doesn't know. Source: gopkg.in/yaml.v3, parserc.go. */
function directiveProblems(text: string): readonly Problem[] {
  const [, before = '', version = '1.1'] = /^([^]*?)^%YAML[ \t]+([^\s#]*)/m.exec(HEAD.exec(text)?.[0] ?? '') ?? [];
  if (version === '1.1') return [];
  const message = `Docker reads no YAML ${version.slice(0, 20)}`;
  return [{ offset: before.length, length: 5, message, hint: 'expected %YAML 1.1, or no such line' }];
}

/** Whether a text after a document has another one that isn't empty. */
function hasContent(rest: string): boolean {
  return /^(?!---\s*$|\.\.\.\s*$|\s*#|\s*$)/m.test(rest);
}

/** Reads the first document of a text as Docker does: with gopkg.in/yaml.v3, into a mapping. */
export function readYaml(text: string): YamlFile {
  const broken = (problem: Problem): YamlFile => ({
    root: undefined,
    problems: [problem],
    older: [],
    hasMore: false,
    spanOf: () => START,
  });
  const control = CONTROL.exec(text);
  if (control)
    return broken({ offset: control.index, length: 1, message: 'a control character', hint: 'expected plain text' });
  const separator = SEPARATOR.exec(text);
  if (separator) {
    const message = 'a Unicode line separator, which ends the line for Docker alone';
    return broken({ offset: separator.index, length: 1, message, hint: 'expected a line feed, or no such character' });
  }
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
    if (/call stack/.test(error.message)) return broken({ offset, length: 1, message: TOO_DEEP });
    const hint = yamlHint(error.code);
    return broken({ offset, length: Math.max(1, end - offset), message: error.message, ...omitUndefined({ hint }) });
  }
  const contents = isNode(first?.contents) ? first.contents : undefined;
  const [odd] = first ? [...directiveProblems(text), ...tabProblems(first, text)] : [];
  if (odd) return broken(odd);
  const decoder = new Decoder(anchorsOf(contents), text);
  const root = decoder.value(contents);
  if (!isDict(root)) {
    const hint = 'expected services, each with an image';
    return broken(problemAt(contents, 'the file is not a mapping', hint));
  }
  return {
    root,
    problems: decoder.problems,
    older: decoder.version2.problems,
    hasMore: first !== undefined && hasContent(text.slice(first.range[2])),
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
