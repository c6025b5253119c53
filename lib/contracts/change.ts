import { omitUndefined } from '../util/omit-undefined.ts';

/** A JSON value that a change leads from or to. Never a secret. */
export type Value = string | number | boolean | readonly Value[] | { readonly [key: string]: Value };

/**
 * Where a change is: segments in the words of the cluster file (`services`, `web`, `replicas`), or equally plain ones for
 * what isn't in the file (`machines`, `worker1`).
 */
export type Path = readonly string[];

interface Facts {
  readonly path: Path;
  /** The value that there is now; absent where there is none, or where it is nobody's business. */
  readonly from?: Value;
  /** The value that there will be; of a wait, the state that is waited for. */
  readonly to?: Value;
  /** Why it is needed, what it costs, or what was last seen: a few words. */
  readonly reason?: string;
  /** Removes what swarmup made and the cluster file no longer names: done with `--prune`, otherwise only reported. */
  readonly prune?: boolean;
  /** Recreates a machine: done by `swarmup replace`, one node at a time, otherwise only reported. */
  readonly replace?: boolean;
}

/**
 * One thing that a task would do, or did, as data: `sentenceOf` says it in words. Tasks add fields of their own.
 * A `run` changes no value of the cluster file: it takes a step, such as a start or a wait.
 */
export type Change = Facts &
  (
    | { readonly action: 'create' | 'update' | 'remove'; readonly step?: never }
    | { readonly action: 'run'; readonly step: string }
  );

/** What may be said of any change besides its path and values. */
interface Remarks {
  readonly reason?: string | undefined;
  readonly prune?: boolean;
  readonly replace?: boolean;
}

/** Something that doesn't exist yet. @param to what is known of it */
export function created(path: Path, to?: Value, remarks: Remarks = {}): Change {
  return { action: 'create', path, ...omitUndefined({ to, ...remarks }) };
}

/** Something that exists and gets another value. Both are left out where they are secret, or say nothing. */
export function updated(path: Path, from?: Value, to?: Value, remarks: Remarks = {}): Change {
  return { action: 'update', path, ...omitUndefined({ from, to, ...remarks }) };
}

/** Something that exists and goes. */
export function removed(path: Path, remarks: Remarks & { readonly from?: Value | undefined } = {}): Change {
  return { action: 'remove', path, ...omitUndefined(remarks) };
}

/** Something done to what is at the path. @param name a verb, such as 'start' */
export function step(path: Path, name: string, remarks: Remarks = {}): Change {
  return { action: 'run', step: name, path, ...omitUndefined(remarks) };
}

/** The step of waiting. @param until the state of now, if it is known, and the one waited for */
export function waiting(
  path: Path,
  until: { readonly from?: Value | undefined; readonly to: Value; readonly reason?: string | undefined },
): Change {
  return { action: 'run', step: 'wait', path, ...omitUndefined(until) };
}

/** The command that makes a change which `up` only reports; undefined for those that it makes. */
export function madeOnlyBy({ prune, replace }: Change): string | undefined {
  if (replace) return 'swarmup replace';
  return prune ? 'swarmup up --prune' : undefined;
}
