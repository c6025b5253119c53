import pc from 'picocolors';
import { columns } from '../util/columns.ts';
import { visibleLine } from '../util/visible.ts';

/** A table whose columns are as wide as their widest cell, with a dim header. */
export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const [title = '', ...lines] = columns([head, ...rows.map((row) => row.map(visibleLine))]);
  return `${pc.dim(title)}\n${lines.map((line) => `${line}\n`).join('')}`;
}
