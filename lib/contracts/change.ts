import { omitUndefined } from '../util/omit-undefined.ts';

/** A JSON value that a change leads from or to. Never a secret. */
export type Value = string | number | boolean | readonly Value[] | { readonly [key: string]: Value };

/**
 * Where a change is: keys of the cluster file (`services`, `web`, `replicas`), or similar segments for what isn't in
 * the file (`machines`, `worker1`).
 */
export type Path = readonly string[];

interface Facts {
  readonly path: Path;
  /** The current value; absent where there is none, or where it isn't shown. */
  readonly from?: Value;
  /** The new value; for a wait, the awaited state. */
  readonly to?: Value;
  /** Why it is needed, what it costs, or what was last seen: a few words. */
  readonly reason?: string;
  /**
   * Removes what swarmup made and the cluster file no longer names: applied with `--prune`, otherwise only reported.
   */
  readonly prune?: boolean;
  /** Recreates a machine: applied by `swarmup replace`, one node at a time, otherwise only reported. */
  readonly replace?: boolean;
}

/**
 * One thing that a task would do, or did, as data; `sentenceOf` puts it into words. Tasks add their own fields. A `run`
 * changes no value of the cluster file: it takes a step, such as a start or a wait.
 */
export type Change = Facts &
  (
    | { readonly action: 'create' | 'update' | 'remove'; readonly step?: never }
    | { readonly action: 'run'; readonly step: string }
  );

/** The optional fields of any change besides its path and values. */
interface Remarks {
  readonly reason?: string | undefined;
  readonly prune?: boolean;
  readonly replace?: boolean;
}

/** Something that doesn't exist yet. @param to what is known of it */
export function created(path: Path, to?: Value, remarks: Remarks = {}): Change {
  return { action: 'create', path, ...omitUndefined({ to, ...remarks }) };
}

/** Something that exists and gets another value. Secret or meaningless values are left out. */
export function updated(path: Path, from?: Value, to?: Value, remarks: Remarks = {}): Change {
  return { action: 'update', path, ...omitUndefined({ from, to, ...remarks }) };
}

/** Something that exists and is removed. */
export function removed(path: Path, remarks: Remarks & { readonly from?: Value | undefined } = {}): Change {
  return { action: 'remove', path, ...omitUndefined(remarks) };
}

/** Something done to what is at the path. @param name a verb, such as 'start' */
export function step(path: Path, name: string, remarks: Remarks = {}): Change {
  return { action: 'run', step: name, path, ...omitUndefined(remarks) };
}

/** The step of waiting. @param until the current state, if known, and the awaited one */
export function waiting(
  path: Path,
  until: { readonly from?: Value | undefined; readonly to: Value; readonly reason?: string | undefined },
): Change {
  return { action: 'run', step: 'wait', path, ...omitUndefined(until) };
}

/** The command that applies a change that `up` only reports; undefined for changes that `up` applies. */
export function madeOnlyBy({ prune, replace }: Change): string | undefined {
  if (replace) return 'swarmup replace NODE';
  return prune ? 'swarmup up --prune' : undefined;
}
