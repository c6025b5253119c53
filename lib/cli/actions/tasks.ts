import { print, printJson } from '../../render/output.ts';
import { tasksText } from '../../render/tasks.ts';
import type { CommonOptions } from '../options.ts';
import { catalogueWith } from '../../session/catalogue.ts';
import { clusterOf } from '../session.ts';

/** Every pipeline and every task: what each does and needs. */
export async function tasks(options: CommonOptions & { taskfile?: string }): Promise<number> {
  const cluster = await clusterOf(options);
  const catalogue = await catalogueWith(options.taskfile ?? cluster.taskfile);
  const all = await catalogue.load(catalogue.ids);
  const world = { before: new Map() };
  const list = all.map(({ id, title, about, needs, targets }) => {
    const units = targets(cluster, world);
    return {
      id,
      title,
      about,
      needs: needs.map((need) => need.task),
      runsOn: units.map((target) => target.id),
      pipelines: Object.keys(catalogue.pipelines).filter((name) => catalogue.pipelines[name]?.includes(id)),
    };
  });
  if (options.json) printJson({ pipelines: catalogue.pipelines, tasks: list });
  else print(tasksText(catalogue.pipelines, list));
  return 0;
}
