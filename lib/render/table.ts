import pc from 'picocolors';
import { columns } from '../util/columns.ts';

/** Columns as wide as their widest cell, under a dim head. */
export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const [title = '', ...lines] = columns([head, ...rows]);
  return `${pc.dim(title)}\n${lines.map((line) => `${line}\n`).join('')}`;
}
