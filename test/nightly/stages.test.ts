import { describe, expect, it } from 'vitest';
import { refreshed } from '../../lib/nightly/stages.ts';
import { layOut } from '../../lib/pipeline/graph.ts';
import { loadTasks } from '../../lib/session/load-tasks.ts';
import { pipelines } from '../../Taskfile.ts';
import { FakeWorld } from '../fakes/world.ts';
import { clusterOf, fullText } from '../support/cluster.ts';

describe('a stage of the nightly test', () => {
  it('prepares what machines share, as a separate run would', async () => {
    const cluster = await clusterOf(fullText(1, 0));
    const session = {
      context: new FakeWorld().context(cluster),
      emit: () => undefined,
      signal: new AbortController().signal,
    };
    const tasks = await loadTasks(pipelines.up);
    const keysIn = (context: typeof session.context) => layOut(tasks, cluster, context.world, {}).map(({ key }) => key);
    const { context } = await refreshed(session, cluster);
    expect(keysIn(context)).toContain('prepare-provider@cluster');
    expect(keysIn(context)).toEqual(keysIn(session.context));
  });
});
