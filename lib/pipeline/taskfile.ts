import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { z } from 'zod';
import { adviceFor } from '../util/nearest-name.ts';
import { messageOf, SwarmupError } from '../util/errors.ts';
import { importModule } from '../util/import-module.ts';
import { checkTasks } from './graph.ts';
import type { Task } from './task.ts';

/** What a user's TypeScript file may export to extend swarmup. */
export interface Taskfile {
  /** Pipelines by name, each a list of task ids. A pipeline with the name of a swarmup pipeline replaces it. */
  readonly pipelines?: Readonly<Record<string, readonly string[]>>;
  /** Tasks, made with `defineTask`. */
  readonly tasks?: readonly Task[];
}

/** What comes with swarmup. */
export interface Shipped {
  readonly pipelines: Readonly<Record<string, readonly string[]>>;
  /** Loads tasks by their ids. */
  readonly load: (ids: readonly string[]) => Promise<readonly Task[]>;
}

/** Every pipeline and task: swarmup's own and those of the user's file. */
export interface Catalogue {
  readonly pipelines: Readonly<Record<string, readonly string[]>>;
  /** Ids of all tasks. */
  readonly ids: readonly string[];
  /** The tasks of a pipeline, after checkTasks. Only these are loaded. */
  load(ids: readonly string[]): Promise<readonly Task[]>;
}

const taskfileSchema = z.object({
  pipelines: z.record(z.string().regex(/^[a-z][a-z0-9-]*$/), z.array(z.string())).default({}),
  tasks: z
    .array(
      z.custom<Task>((value) => typeof value === 'object' && value !== null && 'inspect' in value && 'id' in value),
    )
    .default([]),
});

/**
 * Adds the user's own task file to the pipelines that come with swarmup.
 *
 * @param file absolute path, or undefined
 * @throws SwarmupError TASKFILE_INVALID, TASKS_INVALID
 */
export async function openCatalogue(shipped: Shipped, file: string | undefined): Promise<Catalogue> {
  const own = file === undefined ? { pipelines: {}, tasks: [] } : await importTaskfile(file);
  const shippedIds = [...new Set(Object.values(shipped.pipelines).flat())];
  const added = new Map(own.tasks.map((task) => [task.id, task]));
  const twice = [...added.keys()].find((id) => shippedIds.includes(id));
  if (twice !== undefined)
    throw invalid(file, `its task '${twice}' has the id of one of swarmup's own`, 'Give it another id.');
  const ids = [...shippedIds, ...added.keys()];
  for (const [name, list] of Object.entries(own.pipelines))
    for (const id of list)
      if (!ids.includes(id))
        throw invalid(file, `its pipeline '${name}' names the task '${id}', which doesn't exist`, adviceFor(id, ids));
  return {
    pipelines: { ...shipped.pipelines, ...own.pipelines },
    ids,
    load: async (wanted) => {
      const tasks = await Promise.all(wanted.map(async (id) => added.get(id) ?? (await shipped.load([id]))[0]));
      const found = tasks.filter((task) => task !== undefined);
      checkTasks(found, ids);
      return found;
    },
  };
}

async function importTaskfile(file: string): Promise<Required<Taskfile>> {
  let module: unknown;
  try {
    module = await importModule(pathToFileURL(resolve(file)).href);
  } catch (cause) {
    throw invalid(file, `it can't be loaded: ${messageOf(cause)}`, 'Correct the error in the message.', cause);
  }
  const parsed = taskfileSchema.safeParse(module);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  throw invalid(
    file,
    `its export ${issue?.path.join('.')} has the wrong form: ${issue?.message}`,
    'Export `tasks` (a list of what defineTask returns) and `pipelines` (lists of task ids by name): docs/pipelines.md.',
  );
}

function invalid(file: string | undefined, message: string, fix: string, cause?: unknown): SwarmupError {
  return new SwarmupError('TASKFILE_INVALID', `the task file ${file}: ${message}`, { fix, cause });
}
