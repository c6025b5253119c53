import type Docker from 'dockerode';
import { describe, expect, it } from 'vitest';
import type { Clock } from '../../lib/async/clock.ts';
import type { Remote } from '../../lib/contracts/remote.ts';
import { SwarmupError } from '../../lib/util/errors.ts';
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
  return findManager({ managers: ['m1', 'm2', 'm3'], others: [], addressOf: (node) => node, remote, clock }, signal);
}

/** What nodes say of themselves; the addresses are their names, as the provider has them. */
function among(said: Readonly<Record<string, object>>, managersOfFile: readonly string[]) {
  let now = 0;
  const clock: Clock = { now: () => now, sleep: async (ms) => void (now += ms) };
  const asked: string[] = [];
  const engine: Remote['engine'] = async (node) => {
    asked.push(node);
    const info = async () => ({ Swarm: said[node] });
    return new DockerEngine(node, strict<Docker>('Docker Engine', { info: info as never }), () => undefined);
  };
  const others = Object.keys(said).filter((node) => !managersOfFile.includes(node));
  const remote = strict<Remote>('remote', { engine });
  const found = findManager({ managers: managersOfFile, others, addressOf: (node) => node, remote, clock }, signal);
  return { found, asked };
}

const member = { LocalNodeState: 'active', ControlAvailable: false, RemoteManagers: ADDRESSES };
const electing = { ...member, ControlAvailable: true };
const leading = { ...electing, Cluster: { ID: 'swarm1' } };
/** A worker that says all that a manager would, and names itself as one. */
const impostor = { ...leading, NodeAddr: 'm1', RemoteManagers: [{ Addr: 'm1:2377' }, { Addr: 'w1:2377' }] };

describe('a worker that says it is a manager', () => {
  it('is not asked while the managers elect, and not believed when they elect none', async () => {
    const { found, asked } = among({ m1: electing, m2: electing, m3: electing, w1: impostor }, ['m1', 'm2', 'm3']);
    await expect(found).rejects.toMatchObject({ code: 'SWARM_NO_QUORUM' });
    expect(asked).not.toContain('w1');
  });

  it.each([
    ['is in no swarm', { LocalNodeState: 'inactive' }],
    ['is locked', { LocalNodeState: 'locked' }],
    ['restarts', { LocalNodeState: 'pending', Error: 'The swarm does not have a leader' }],
    ['is a worker itself', member],
  ])('is not believed where the only manager of the file %s', async (_, m1) => {
    const { found, asked } = among({ m1, w1: impostor }, ['m1']);
    await expect(found).rejects.toThrow(SwarmupError);
    expect(asked).not.toContain('w1');
  });

  it('is believed when a member that the file has as a manager names it: roles were changed in the file', async () => {
    const { found } = among({ m1: leading, w1: member }, ['w1']);
    expect((await found).node).toBe('m1');
  });
});

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
