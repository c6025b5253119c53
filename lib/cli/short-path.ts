import { relative } from 'node:path';

/** A path as a person would write it: relative to the current folder where that is shorter. */
export function shortPath(path: string): string {
  const near = relative(process.cwd(), path);
  return near.length < path.length && near !== '' ? near : path;
}
