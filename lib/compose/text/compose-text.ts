import type { ComposeConfig } from '../types.ts';
import { Exact } from '../values.ts';
import { COMPOSE, type Layout } from './layout.ts';
import { compareKeys } from './natural-order.ts';
import { blockOf, isBlock, scalarText } from './scalar.ts';

/** A stack as `docker stack config` prints it. */
export function composeText(config: ComposeConfig): string {
  return `${linesOf(config, COMPOSE).join('\n')}\n`;
}

type Plain = Readonly<Record<string, unknown>>;

function isPlain(value: unknown): value is Plain {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof Exact);
}

/** The lines of a mapping or a list with contents. */
function linesOf(value: unknown, layout: Layout): readonly string[] {
  const of = layout?.is === 'each' ? layout.of : undefined;
  if (Array.isArray(value)) return value.flatMap((item: unknown) => itemLines(item, of));
  if (!isPlain(value)) return [scalarText(value)];
  return keysOf(value, layout).flatMap((key) => {
    const inner = layout?.is === 'struct' ? layout.of[key] : of;
    return entryLines(scalarText(key), value[key], inner);
  });
}

function keysOf(value: Plain, layout: Layout): readonly string[] {
  const keys = Object.keys(value);
  if (layout?.is !== 'struct') return keys.toSorted(compareKeys);
  const known = layout.keys.filter((key) => Object.hasOwn(value, key));
  return [...known, ...keys.filter((key) => !layout.keys.includes(key)).toSorted(compareKeys)];
}

function entryLines(key: string, value: unknown, layout: Layout): readonly string[] {
  if (hasContents(value)) return [`${key}:`, ...indented(linesOf(value, layout))];
  return firstLine(`${key}: `, value);
}

function itemLines(value: unknown, layout: Layout): readonly string[] {
  if (!hasContents(value)) return firstLine('- ', value);
  return linesOf(value, layout).map((line, i) => (i === 0 ? `- ${line}` : line === '' ? '' : `  ${line}`));
}

function firstLine(start: string, value: unknown): readonly string[] {
  if (typeof value === 'string' && isBlock(value)) {
    const { header, lines } = blockOf(value);
    return [start + header, ...indented(lines)];
  }
  if (Array.isArray(value)) return [`${start}[]`];
  return [start + (isPlain(value) ? '{}' : scalarText(value))];
}

function hasContents(value: unknown): boolean {
  if (Array.isArray(value)) return value.length > 0;
  return isPlain(value) && Object.keys(value).length > 0;
}

function indented(lines: readonly string[]): readonly string[] {
  return lines.map((line) => (line === '' ? '' : `  ${line}`));
}
