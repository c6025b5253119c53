import type { Node } from 'yaml';
import type { Value } from '../values.ts';
import type { BeforeMerge } from './version-2.ts';

/** The nodes that a value of a mapping or a list comes from. */
export interface Entry {
  readonly key?: Node;
  readonly value: Node | undefined;
}

/** A mapping while it gets its keys, and those of the mappings that it merges. */
export interface Filling {
  readonly found: Map<string, Value>;
  readonly origin: Map<string, Entry>;
  /** Keys that a mapping further out has: they win over merged ones. */
  readonly taken?: Set<string>;
  readonly before?: BeforeMerge;
}
