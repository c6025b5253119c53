import type { Cached } from '../providers/cache.ts';
import { table } from './table.ts';

/** 430 MB */
export function megabytes(bytes: number): string {
  return `${Math.round(bytes / 1e6)} MB`;
}

/** What is in the cache, a row each, and its sum. */
export function cacheText(entries: readonly Cached[], folder: string): string {
  if (entries.length === 0) return `${folder} is empty\n`;
  const rows = entries.map(({ kind, name, bytes, changedAt, usedBy }) => [
    kind,
    name,
    megabytes(bytes),
    changedAt.toISOString().slice(0, 10),
    usedBy === undefined ? 'unknown' : usedBy.length === 0 ? '-' : String(usedBy.length),
  ]);
  const sum = entries.reduce((total, { bytes }) => total + bytes, 0);
  return `${table(['KIND', 'NAME', 'SIZE', 'CHANGED', 'USED BY'], rows)}\n${megabytes(sum)} in ${folder}\n`;
}
