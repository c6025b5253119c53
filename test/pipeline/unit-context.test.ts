import { expect, it } from 'vitest';
import { contextOf } from '../../lib/pipeline/unit-context.ts';
import { layOut } from '../../lib/pipeline/graph.ts';
import { loadTasks } from '../../lib/session/load-tasks.ts';
import { FakeWorld } from '../fakes/world.ts';
import { clusterOf, fullText } from '../support/cluster.ts';

it('a unit looks its node up once, as functions read it for each of a thousand nodes', async () => {
  const cluster = await clusterOf(fullText(1, 2));
  const context = new FakeWorld().context(cluster);
  let reads = 0;
  const counted = {
    ...context,
    cluster: Object.create(cluster, {
      nodes: { get: () => (reads++, cluster.nodes) },
    }),
  };
  const [, , unit] = layOut(await loadTasks(['join-workers', 'provision']), cluster, context.world);
  const io = { signal: new AbortController().signal, emit: () => undefined, warn: () => undefined };
  const ctx = contextOf(unit!, { context: counted, ...io });
  expect(cluster.nodes.map(() => ctx.node)).toEqual(cluster.nodes.map(() => ctx.node));
  expect(reads).toBe(1);
});
