import { describe, expect, it } from 'vitest';
import { readLogs, type LogLine } from '../../lib/swarm/logs.ts';
import { clusterOf, fullText } from '../support/cluster.ts';
import { worldWithRegistry } from '../support/worlds.ts';

describe('the logs of a service', () => {
  it('are yielded line by line, with the task, its node, the time and the stream', async () => {
    const world = worldWithRegistry();
    const cluster = await clusterOf(fullText(1, 1));
    await world.run('up', cluster);
    const web = world.swarm.services.find(({ Spec }) => Spec.Name === 'web')!;
    const [one, two] = world.swarm.tasks.filter(({ ServiceID }) => ServiceID === web.ID);
    const line = (task: string, text: string) =>
      `2026-11-23T10:00:00.000000001Z com.docker.swarm.node.id=n,com.docker.swarm.service.id=s,com.docker.swarm.task.id=${task} ${text}`;
    world.swarm.printed.push(
      [1, `${line(one!.ID, 'GET / 200')}\n`],
      [2, `${line(two!.ID, '2026 [warn] in  two')}\n${line('gone4567890', '')}\n`],
      [1, line(one!.ID, 'no line break at the end')],
    );
    const manager = await world.context(cluster).remote.engine('manager1', new AbortController().signal);
    const lines: LogLine[] = [];
    const request = { follow: false, tail: undefined, since: undefined, signal: new AbortController().signal };
    await readLogs(manager, web, request, (one) => lines.push(one));
    const time = '2026-11-23T10:00:00.000000001Z';
    expect(lines.toSorted((a, b) => a.text.localeCompare(b.text))).toEqual([
      { task: 'web.gone4567', node: 'none', time, stream: 'stderr', text: '' },
      { task: 'web.2', node: 'worker1', time, stream: 'stderr', text: '2026 [warn] in  two' },
      { task: 'web.1', node: 'manager1', time, stream: 'stdout', text: 'GET / 200' },
      { task: 'web.1', node: 'manager1', time, stream: 'stdout', text: 'no line break at the end' },
    ]);
  });
});
