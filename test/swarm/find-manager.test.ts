import type Docker from 'dockerode';
import { describe, expect, it } from 'vitest';
import type { Clock } from '../../lib/clock.ts';
import type { Remote } from '../../lib/context.ts';
import { SwarmupError } from '../../lib/errors.ts';
import { DockerEngine } from '../../lib/remote/engine.ts';
import { findManager } from '../../lib/swarm/find-manager.ts';
import { strict } from '../fakes/strict.ts';

const ADDRESSES = ['m1', 'm2', 'm3'].map((name) => ({ Addr: `${name}:2377` }));
const signal = new AbortController().signal;

/** Three managers, of which some answer; from some time on they have a leader. Time passes only while somebody sleeps. */
function managers(answering: readonly string[], ledAfterMs: number) {
  let now = 0;
  const clock: Clock = { now: () => now, sleep: async (ms) => void (now += ms) };
  const info = async () => ({
    Swarm: {
      LocalNodeState: 'active',
      ControlAvailable: true,
      RemoteManagers: ADDRESSES,
      ...(now >= ledAfterMs ? { Cluster: { ID: 'swarm1' } } : {}),
    },
  });
  const engine: Remote['engine'] = async (node) => {
    if (!answering.includes(node))
      throw new SwarmupError('SSH_UNREACHABLE', `${node}: no SSH connection`, { fix: '-' });
    return new DockerEngine(node, strict<Docker>('Docker Engine', { info: info as never }), () => undefined);
  };
  const remote = strict<Remote>('remote', { engine });
  return findManager({ managers: ['m1', 'm2', 'm3'], others: [], remote, clock }, signal);
}

describe('a manager to ask', () => {
  it('is waited for while enough of them elect a leader, also when that takes long', async () => {
    expect((await managers(['m2', 'm3'], 100_000)).node).toBe('m2');
  });

  it('is not waited for as long where too few are left, with the arithmetic', async () => {
    await expect(managers(['m3'], 100_000)).rejects.toMatchObject({
      code: 'SWARM_NO_QUORUM',
      message: expect.stringContaining('of 3 managers only m3 can be reached, and 2 are needed to decide anything'),
    });
  });

  it('is given up at last where enough of them elect none', async () => {
    await expect(managers(['m2', 'm3'], Number.POSITIVE_INFINITY)).rejects.toMatchObject({
      code: 'SWARM_NO_QUORUM',
      message: expect.stringContaining('m2, m3 answer, which are enough of 3 managers, and elect none'),
    });
  });
});
