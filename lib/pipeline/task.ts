import type { RunCluster } from '../contracts/run-cluster.ts';
import type { UnitContext, World } from '../contracts/context.ts';
import type { Change } from '../contracts/change.ts';
import { SwarmupError } from '../util/errors.ts';
import type { Target, Desired } from '../contracts/target.ts';

/**
 * Which units of another task must be done before: those of the same node (`same`, the default where both run on
 * nodes), all of them (`all`, the default otherwise), or those a predicate picks.
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
  /** The goal, as it reads when it is reached: "Workers joined". */
  readonly title: string;
  /** What it does, in a sentence, for the list of tasks. */
  readonly about: string;
  readonly needs: readonly (string | Need)[];
  /** How many units of it may run at once; default: no limit of its own. */
  readonly limit?: number;
  /** It runs only on nodes that are named with `--node`. */
  readonly explicit?: boolean;
  /** It only looks, and fails when what it sees is wrong; plans leave it out. */
  readonly verifies?: boolean;
  readonly targets: (cluster: RunCluster, world: World) => readonly Target[];
  /** Reads the world and changes nothing. */
  readonly check: (ctx: UnitContext) => Promise<State>;
  /** The state before anything exists, for plans of a cluster that isn't there yet. */
  readonly absent: (desired: Desired) => State;
  /** Pure: what has to change to get from the state to what the cluster file asks for. */
  readonly plan: (state: State, desired: Desired) => readonly C[];
  /** Pure: why this unit is left out on purpose, if it is. */
  readonly skip?: (state: State, desired: Desired) => string | undefined;
  /** Makes exactly these changes. */
  readonly apply: (ctx: UnitContext, changes: readonly C[], state: State) => Promise<void>;
}

/** What a check found and what would follow from it. */
export interface Inspection {
  readonly changes: readonly Change[];
  readonly skipped: string | undefined;
  /** Makes some of the changes found, or all. */
  readonly apply: (changes: readonly Change[]) => Promise<void>;
}

/** A task with its state type closed over, so that a pipeline can hold tasks of every kind. */
export interface Task {
  readonly id: string;
  readonly title: string;
  readonly about: string;
  readonly needs: readonly Need[];
  readonly limit: number;
  readonly verifies: boolean;
  readonly explicit: boolean;
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

/** A task file of the user's own may be written for an older version: types are no part of what runs. */
function withPaths<C extends Change>(task: string, changes: readonly C[]): readonly C[] {
  if (changes.every(({ path }) => Array.isArray(path))) return changes;
  throw new SwarmupError('TASKFILE_INVALID', `the task '${task}' plans a change without a path`, {
    fix: "Make changes with 'created', 'updated', 'removed', 'step' or 'waiting' of swarmup: see docs/pipelines.md.",
  });
}
