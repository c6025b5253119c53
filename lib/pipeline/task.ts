import type { RunCluster } from '../contracts/run-cluster.ts';
import type { UnitContext, World } from '../contracts/context.ts';
import type { Change } from '../contracts/change.ts';
import { SwarmupError } from '../util/errors.ts';
import type { Target, Desired } from '../contracts/target.ts';

/**
 * Which units of another task must be done first: those of the same node (`same`, the default if both run on nodes),
 * all of them (`all`, the default otherwise), or those that a predicate picks.
 */
export interface Need {
  readonly task: string;
  readonly of?: 'same' | 'all' | ((other: Target, self: Target, world: World) => boolean);
  /** With `--keep-going`, and for `--node`: some of them may be missing, as long as one is done. */
  readonly tolerant?: boolean;
}

export interface TaskDefinition<State, C extends Change> {
  /** The file's name. */
  readonly id: string;
  /** The goal, worded as reached: "Workers joined". */
  readonly title: string;
  /** What it does, in a sentence, for the list of tasks. */
  readonly about: string;
  readonly needs: readonly (string | Need)[];
  /** How many of its units may run at once; default: no limit. */
  readonly limit?: number;
  /** Whether it runs only on nodes named with `--node`. */
  readonly explicit?: boolean;
  /** Whether it removes nodes or services: refused while the cluster file has `protect: true`. */
  readonly removes?: boolean;
  /** Whether it only checks, and fails when something is wrong; plans leave it out. */
  readonly verifies?: boolean;
  readonly targets: (cluster: RunCluster, world: World) => readonly Target[];
  /** Reads the world and changes nothing. */
  readonly check: (ctx: UnitContext) => Promise<State>;
  /** The state before anything exists, for plans of a cluster that doesn't exist yet. */
  readonly absent: (desired: Desired) => State;
  /** Pure: the changes that lead from the state to the cluster file. */
  readonly plan: (state: State, desired: Desired) => readonly C[];
  /** Pure: the reason to skip this unit, if there is one. */
  readonly skip?: (state: State, desired: Desired) => string | undefined;
  /** Makes exactly these changes. */
  readonly apply: (ctx: UnitContext, changes: readonly C[], state: State) => Promise<void>;
}

/** What a check found, and the changes planned from it. */
export interface Inspection {
  readonly changes: readonly Change[];
  readonly skipped: string | undefined;
  /** Makes all or some of these changes. */
  readonly apply: (changes: readonly Change[]) => Promise<void>;
}

/** A task with its state type hidden, so that a pipeline can hold tasks of every kind. */
export interface Task {
  readonly id: string;
  readonly title: string;
  readonly about: string;
  readonly needs: readonly Need[];
  readonly limit: number;
  readonly verifies: boolean;
  readonly explicit: boolean;
  readonly removes: boolean;
  readonly targets: (cluster: RunCluster, world: World) => readonly Target[];
  /** Checks the world and plans. */
  readonly inspect: (ctx: UnitContext) => Promise<Inspection>;
  /** Plans from the state before anything exists. */
  readonly planDeferred: (desired: Desired) => readonly Change[];
}

export function defineTask<State, C extends Change>(definition: TaskDefinition<State, C>): Task {
  return {
    id: definition.id,
    title: definition.title,
    about: definition.about,
    needs: definition.needs.map((need) => (typeof need === 'string' ? { task: need } : need)),
    limit: definition.limit ?? Number.POSITIVE_INFINITY,
    verifies: definition.verifies ?? false,
    explicit: definition.explicit ?? false,
    removes: definition.removes ?? false,
    targets: definition.targets,
    inspect: async (ctx) => {
      const state = await definition.check(ctx);
      const skipped = definition.skip?.(state, ctx);
      const changes = skipped === undefined ? withPaths(definition.id, definition.plan(state, ctx)) : [];
      return {
        changes,
        skipped,
        apply: (wanted) =>
          definition.apply(
            ctx,
            changes.filter((change) => wanted.includes(change)),
            state,
          ),
      };
    },
    planDeferred: (desired) => {
      const state = definition.absent(desired);
      return definition.skip?.(state, desired) === undefined
        ? withPaths(definition.id, definition.plan(state, desired))
        : [];
    },
  };
}

/** A user's task file may be written for an older version, and types aren't checked at run time. */
function withPaths<C extends Change>(task: string, changes: readonly C[]): readonly C[] {
  if (changes.every(({ path }) => Array.isArray(path))) return changes;
  throw new SwarmupError('TASKFILE_INVALID', `the task '${task}' plans a change without a path`, {
    fix: "Make changes with 'created', 'updated', 'removed', 'step' or 'waiting' of swarmup: see docs/pipelines.md.",
  });
}
