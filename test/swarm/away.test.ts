import type Docker from 'dockerode';
import { describe, expect, it } from 'vitest';
import type { SwarmNode } from '../../lib/contracts/swarm-types.ts';
import { DockerEngine } from '../../lib/remote/engine.ts';
import { awayOf } from '../../lib/swarm/away.ts';
import { waitUntilEmpty } from '../../lib/swarm/drain.ts';
import { fakeClock } from '../fakes/clock.ts';
import { strict } from '../fakes/strict.ts';

const node = (name: string, state: string, reachability?: string, UpdatedAt?: string): SwarmNode => ({
  ID: name,
  Version: { Index: 1 },
  Spec: { Role: reachability === undefined ? 'worker' : 'manager', Availability: 'active' },
  Description: { Hostname: name, Engine: { EngineVersion: '28.5.2' } },
  Status: { State: state, Addr: '10.0.0.1' },
  ...(UpdatedAt === undefined ? {} : { UpdatedAt }),
  ...(reachability === undefined ? {} : { ManagerStatus: { Reachability: reachability, Addr: '10.0.0.1:2377' } }),
});

describe('the nodes that are away', () => {
  it('are named with their states, and since when', () => {
    const nodes = [
      node('m1', 'ready', 'reachable', '2026-11-27T10:00:00.123456789Z'),
      node('m2', 'ready', 'unreachable', '2026-11-27T14:03:59.123456789Z'),
      node('m3', 'down', 'unreachable', '2026-11-26T23:59:00Z'),
      node('w1', 'unknown'),
      node('w2', 'down', undefined, 'nonsense'),
      node('w3', 'ready'),
    ];
    expect(awayOf(nodes)).toBe(
      'm2 (unreachable since 2026-11-27 14:03 UTC), m3 (down since 2026-11-26 23:59 UTC), w1 (unknown), w2 (down)',
    );
    expect(awayOf(nodes.slice(0, 1))).toBe('');
  });

  it('are why a drained node never gets empty', async () => {
    const docker = strict<Docker>('Docker Engine', {
      listTasks: (async () => [{ Status: { State: 'running' } }]) as never,
      getNode: () =>
        strict<Docker.Node>('node', {
          inspect: async () => node('w1', 'down', undefined, '2026-11-27T14:03:00Z') as never,
        }),
    });
    const work = { signal: new AbortController().signal, clock: fakeClock(), report: () => undefined };
    const manager = new DockerEngine('m1', docker, () => undefined);
    await expect(waitUntilEmpty(work, manager, { name: 'w1', id: 'w1' })).rejects.toMatchObject({
      code: 'TIMED_OUT',
      message: expect.stringMatching(/last seen: 1 tasks running; away: w1 \(down since 2026-11-27 14:03 UTC\)$/),
    });
  });
});
