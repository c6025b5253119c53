import { pipelines } from '../../Taskfile.ts';
import { openCatalogue, type Catalogue } from '../pipeline/taskfile.ts';
import { loadTasks } from './load-tasks.ts';

/**
 * Every pipeline and task: swarmup's own, and those of the user's task file.
 *
 * @param taskfile absolute path, or undefined
 */
export function catalogueWith(taskfile: string | undefined): Promise<Catalogue> {
  return openCatalogue({ pipelines, load: loadTasks }, taskfile);
}
