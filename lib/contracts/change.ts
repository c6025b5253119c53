/** One thing a task would do, or did. Tasks narrow it with fields of their own. */
export interface Change {
  readonly action: 'create' | 'update' | 'remove' | 'run';
  /** What changes, as a person reads it: "service web: replicas 3 → 4". */
  readonly summary: string;
  /** Takes away what swarmup made and the cluster file no longer names: done with `--prune`, and else only said. */
  readonly prune?: boolean;
  /** Takes a machine away to make it anew: done by `swarmup replace`, one node at a time, and else only said. */
  readonly replace?: boolean;
}

/** The command that makes a change which `up` only speaks of; undefined for those that it makes. */
export function madeOnlyBy({ prune, replace }: Change): string | undefined {
  if (replace) return 'swarmup replace';
  return prune ? 'swarmup up --prune' : undefined;
}
