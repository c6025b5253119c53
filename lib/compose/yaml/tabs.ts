import { isCollection, isScalar, Scalar, visit, type Document } from 'yaml';
import type { Problem } from './nodes.ts';

/** A line with nothing but blanks or a comment, and a tab where it is indented. */
const LINE = /^( *)\t[ \t]*(?:#.*)?\r?$/gm;

interface Piece {
  readonly start: number;
  readonly end: number;
  /** The column of the innermost block collection around it, or -1. */
  readonly indent: number;
  readonly is: 'plain' | 'quoted' | 'block' | 'flow';
}

/**
 * Lines that are empty but for a tab, which libyaml refuses unless they are in brackets or quotes, or continue a plain
 * text far enough to the right. The `yaml` package accepts them all. Source: gopkg.in/yaml.v3, scannerc.go.
 */
export function tabProblems(document: Document.Parsed, text: string): readonly Problem[] {
  if (!text.includes('\t')) return [];
  const rest = text.slice(document.range[1]);
  const end = /^(?:---|\.\.\.)(?:\s|$)/m.exec(rest)?.index ?? rest.length;
  const lines = [...text.slice(0, document.range[1] + end).matchAll(LINE)];
  const pieces = piecesOf(document, text);
  const inBlocks = pieces.flatMap((piece) => (piece.is === 'block' ? blockProblem(piece, text) : []));
  const inLines = lines.flatMap(({ index, 1: spaces = '' }) => {
    const tab = index + spaces.length;
    if (isAllowed(pieces, { line: index, tab, column: spaces.length }, text)) return [];
    return [{ offset: tab, length: 1, message: 'a tab in an empty line', hint: 'expected an empty line without it' }];
  });
  return [...inBlocks, ...inLines].toSorted((a, b) => a.offset - b.offset);
}

/** A tab where the first line of a block of text shows how far all of them are indented. */
function blockProblem({ start, end }: Piece, text: string): readonly Problem[] {
  const [, header = '', spaces = ''] = /^([^\n]*\n(?: *\r?\n)*)( *)\t/.exec(text.slice(start, end)) ?? [];
  if (header === '' || /^[|>][+-]?[1-9]/.test(header)) return [];
  const offset = start + header.length + spaces.length;
  return [{ offset, length: 1, message: 'a tab in the indentation of a text', hint: 'expected spaces' }];
}

interface Tab {
  readonly line: number;
  readonly tab: number;
  readonly column: number;
}

function isAllowed(pieces: readonly Piece[], { line, tab, column }: Tab, text: string): boolean {
  const inside = pieces.filter(({ start, end }) => start < line && tab < end);
  if (inside.some(({ is }) => is === 'quoted')) return true;
  const block = inside.find(({ is }) => is === 'block');
  if (block) return true;
  const plain = pieces.findLast(
    ({ start, end, is }) => is === 'plain' && start < line && /^\s*$/.test(text.slice(Math.min(end, line), line)),
  );
  if (plain) return column > plain.indent;
  return inside.some(({ is }) => is === 'flow');
}

/** The scalars and the collections in brackets of a document, in their order. */
function piecesOf(document: Document.Parsed, text: string): readonly Piece[] {
  const found: Piece[] = [];
  visit(document, {
    Node(_, node, path) {
      const [start, end] = node.range ?? [];
      if (start === undefined || end === undefined) return;
      const block = path.findLast((one) => isCollection(one) && one.flow !== true);
      const at = isCollection(block) ? block.range?.[0] : undefined;
      const indent = at === undefined ? -1 : at - (text.lastIndexOf('\n', at - 1) + 1);
      const is = kindOf(node);
      if (is && start < end) found.push({ start, end, indent, is });
    },
  });
  return found.toSorted((a, b) => a.start - b.start);
}

function kindOf(node: unknown): Piece['is'] | undefined {
  if (isCollection(node)) return node.flow === true ? 'flow' : undefined;
  if (!isScalar(node)) return undefined;
  if (node.type === Scalar.QUOTE_DOUBLE || node.type === Scalar.QUOTE_SINGLE) return 'quoted';
  if (node.type === Scalar.PLAIN) return 'plain';
  return 'block';
}
