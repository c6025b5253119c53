import { SwarmupError } from '../util/errors.ts';
import type { Task } from '../pipeline/task.ts';

/** Loads tasks by their ids, which are their files' names. Only what a pipeline runs is loaded. */
export async function loadTasks(ids: readonly string[]): Promise<readonly Task[]> {
  return Promise.all(
    ids.map(async (id) => {
      const module: { default: Task } = await import(`../../tasks/${id}.ts`);
      if (module.default.id !== id) {
        throw new SwarmupError('TASKS_INVALID', `tasks/${id}.ts defines the task '${module.default.id}'`, {
          fix: "Set the task's ID to the name of its file.",
        });
      }
      return module.default;
    }),
  );
}
