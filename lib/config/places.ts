import type { Node } from 'yaml';

/** Where a value was written, and its key: for aliases and merged keys, where the anchor is. */
export interface Place {
  readonly key: Node | undefined;
  readonly value: Node | undefined;
}

/** The key of a path among places. */
export const placeKey = (path: readonly PropertyKey[]): string => JSON.stringify(path.map(String));
