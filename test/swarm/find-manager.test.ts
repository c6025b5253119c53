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

/** Three managers, some of which answer; they elect a leader after a while. Time passes only in sleep(). */
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

/** Nodes by their own claims; a node's address is its name, as the provider reports it. */
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
/** A worker that claims everything that a manager would, and names itself as one. */
const impostor = { ...leading, NodeAddr: 'm1', RemoteManagers: [{ Addr: 'm1:2377' }, { Addr: 'w1:2377' }] };

describe('a worker that claims to be a manager', () => {
  it('is not asked during an election, and not trusted when it ends without a leader', async () => {
    const { found, asked } = among({ m1: electing, m2: electing, m3: electing, w1: impostor }, ['m1', 'm2', 'm3']);
    await expect(found).rejects.toMatchObject({ code: 'SWARM_NO_QUORUM' });
    expect(asked).not.toContain('w1');
  });

  it.each([
    ['is in no swarm', { LocalNodeState: 'inactive' }],
    ['is locked', { LocalNodeState: 'locked' }],
    ['is restarting', { LocalNodeState: 'pending', Error: 'The swarm does not have a leader' }],
    ['is a worker itself', member],
  ])('is not trusted when the only manager in the file %s', async (_, m1) => {
    const { found, asked } = among({ m1, w1: impostor }, ['m1']);
    await expect(found).rejects.toThrow(SwarmupError);
    expect(asked).not.toContain('w1');
  });

  it('is trusted when a member that the file has as a manager names it: roles were changed in the file', async () => {
    const { found } = among({ m1: leading, w1: member }, ['w1']);
    expect((await found).node).toBe('m1');
  });
});

describe('the search for a manager', () => {
  it('waits while enough managers elect a leader, however long that takes', async () => {
    expect((await managers(['m2', 'm3'], 100_000)).node).toBe('m2');
  });

  it('gives up earlier when too few managers are left, with the arithmetic', async () => {
    await expect(managers(['m3'], 100_000)).rejects.toMatchObject({
      code: 'SWARM_NO_QUORUM',
      message: expect.stringContaining('of 3 managers only m3 can be reached, and 2 are needed for a majority'),
    });
  });

  it('gives up after a deadline when enough managers elect no leader', async () => {
    await expect(managers(['m2', 'm3'], Number.POSITIVE_INFINITY)).rejects.toMatchObject({
      code: 'SWARM_NO_QUORUM',
      message: expect.stringContaining("m2, m3 answer, enough of 3 managers, but don't elect one"),
    });
  });
});
