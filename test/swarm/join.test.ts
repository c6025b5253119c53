import { describe, expect, it } from 'vitest';
import type { Link } from '../../lib/contracts/preflight.ts';
import type { SwarmNode } from '../../lib/contracts/swarm-types.ts';
import { dialBackFailed, type FailedPair } from '../../lib/swarm/dial-back.ts';
import { unfinishedRecords } from '../../lib/swarm/unfinished.ts';
import type { FakeWorld } from '../fakes/world.ts';
import { clusterOf, fullText } from '../support/cluster.ts';
import { errorsOf, worldWithRegistry } from '../support/worlds.ts';

const TWO = await clusterOf(fullText(2, 1));

const link = (from: string, to: string, result: Link['result'], reason = ''): Link => ({
  from,
  to,
  protocol: 'tcp',
  port: 2377,
  result,
  reason,
});
const hostnames = ({ swarm }: FakeWorld) => swarm.nodes.map(({ Description }) => Description.Hostname);

/** A cluster of one manager and a worker, before another manager joins. */
async function beforeTheSecond(): Promise<FakeWorld> {
  const world = worldWithRegistry();
  await world.run('up', TWO, { selection: { only: ['prepare-provider', 'provision', 'install-docker'] } });
  return world;
}

const joinError = async (world: FakeWorld) =>
  (await world.run('up', TWO)).units.find(({ task, error }) => task.startsWith('join') && error)?.error;

describe('a manager that the leader cannot connect to', () => {
  it('is explained with both directions, leaves no record behind, and joins once it can', async () => {
    const world = await beforeTheSecond();
    world.swarm.engines.get('manager2')!.cutOffFromLeader = true;
    world.links.push(link('manager1', 'manager2', 'failed', 'no answer'), link('manager2', 'manager1', 'ok'));
    const error = await joinError(world);
    const address = world.machines.get('manager2')?.address;
    expect(error?.message).toBe(
      `manager2 can't become a manager: the leader manager1 couldn't connect to ${address}:2377, which manager2 advertises. Probes now: manager1, which is the leader and has to, can't reach manager2 at ${address} on 2377/tcp (no answer); manager2 reaches manager1`,
    );
    expect(error).toMatchObject({ code: 'JOIN_FAILED', fix: expect.stringContaining('--add-port=2377/tcp') });
    expect(world.swarm.writes.filter((write) => /join of|remove/.test(write))).toEqual([
      'swarm join of manager2 failed',
      'node remove manager2',
    ]);
    expect(hostnames(world)).not.toContain('manager2');
    delete world.swarm.engines.get('manager2')!.cutOffFromLeader;
    expect(errorsOf(await world.run('up', TWO))).toEqual([]);
    expect(hostnames(world).toSorted()).toEqual(['manager1', 'manager2', 'worker1']);
  });

  const pair = (links: readonly Link[]): FailedPair => ({
    node: 'm2',
    leader: 'm1',
    address: '10.0.0.2',
    port: 2377,
    links,
  });
  it.each([
    ['arrives now', [link('m1', 'm2', 'ok')], /a probe on the same way arrives now/, true],
    ['is unknown', [link('m1', 'm2', 'unknown', 'no Perl')], /couldn't be probed why: no Perl/, false],
    ['could not be made', [], /couldn't be probed why$/, false],
    [
      'shows both directions blocked',
      [link('m1', 'm2', 'failed', 'No route to host'), link('m2', 'm1', 'failed', 'Connection timed out')],
      /m1, which is the leader and has to, can't reach m2 at 10\.0\.0\.2 on 2377\/tcp \(no route to host\); m2 can't reach m1 on 2377\/tcp \(connection timed out\)/,
      false,
    ],
  ])('is told when the probe %s', (_, links, message, transient) => {
    expect(dialBackFailed(pair(links), undefined)).toMatchObject({
      message: expect.stringMatching(message),
      transient,
    });
  });
});

describe('the record of a failed join', () => {
  const attempt = { before: new Set(['old']), role: 'manager', hostname: 'm2', address: '10.0.0.2' } as const;
  const record = (change: Partial<SwarmNode>): SwarmNode => ({
    ID: 'new',
    Version: { Index: 1 },
    Spec: { Role: 'manager', Availability: 'active', Labels: {} },
    Description: { Hostname: 'm2', Engine: { EngineVersion: '28.5.2' } },
    Status: { State: 'down', Addr: '10.0.0.2' },
    ...change,
  });

  it.each<[string, Partial<SwarmNode>, boolean]>([
    ['new, of this machine, and not in the Raft group', {}, true],
    ['still counts as ready', { Status: { State: 'ready', Addr: '10.0.0.2' } }, true],
    ['was there before', { ID: 'old' }, false],
    ['has another host name', { Description: { Hostname: 'm3', Engine: { EngineVersion: '' } } }, false],
    ['has no host name yet', { Description: { Hostname: '', Engine: { EngineVersion: '' } } }, false],
    ['came from another address', { Status: { State: 'down', Addr: '10.0.0.3' } }, false],
    ['is a worker', { Spec: { Role: 'worker', Availability: 'active' } }, false],
    ['is a manager by now', { ManagerStatus: { Reachability: 'reachable', Addr: '10.0.0.2:2377' } }, false],
    ['was labelled by somebody', { Spec: { Role: 'manager', Availability: 'active', Labels: { zone: 'a' } } }, false],
  ])('is recognised: one that is %s', (_, change, expected) => {
    expect(unfinishedRecords([record(change)], attempt).length === 1).toBe(expected);
  });
});

describe('a join that the engine refuses', () => {
  it.each([
    ['A valid join token is necessary to join this cluster'],
    ['remote CA does not match fingerprint. Expected: 4e2d'],
  ])('is tried once more with a newly read token: %s', async (words) => {
    const world = await beforeTheSecond();
    world.swarm.engines.get('worker1')!.joinFailures = [words];
    expect(errorsOf(await world.run('up', TWO))).toEqual([]);
    expect(world.swarm.engines.get('worker1')!.joinFailures).toEqual([]);
  });

  const failing = async (words: string, prepare: (world: FakeWorld) => void = () => undefined) => {
    const world = await beforeTheSecond();
    world.swarm.engines.get('worker1')!.joinFailures = [words, words, words, words, words, words];
    prepare(world);
    return joinError(world);
  };

  it('names both clusters when the address belongs to another one', async () => {
    expect(await failing('remote CA does not match fingerprint. Expected: 4e2d')).toMatchObject({
      code: 'SWARM_FOREIGN',
      message: expect.stringMatching(
        /worker1 can't join the swarm: the manager at \S+:2377 has another root certificate than the join token, which manager1 of the cluster cluster\d+ gave; manager\d at \S+ is in the same cluster, so something between them answers in its place$/,
      ),
    });
  });

  it('names the proxy in between, without its password, and what to exclude', async () => {
    const words =
      'rpc error: code = Unavailable desc = connection error: desc = "transport: authentication handshake failed: x509: certificate is not valid for any names, but wanted to match swarm-ca"';
    const error = await failing(words, (world) => {
      world.swarm.engines.get('worker1')!.proxy = 'http://me:secret@proxy.example.org:3128';
    });
    expect(error).toMatchObject({
      code: 'JOIN_FAILED',
      message: expect.stringMatching(
        /through the proxy http:\/\/proxy\.example\.org:3128, which answers with a certificate of its own \(NO_PROXY is localhost\)/,
      ),
      fix: expect.stringMatching(/^Add [\d.]+ to the engine's NO_PROXY/),
    });
    expect(JSON.stringify(error)).not.toContain('me:secret');
  });

  it.each([
    ['worker1', -7_500_000, /the clock of worker1 is 2 h behind that of manager1/, /^Set the clock of worker1/],
    [
      'manager1',
      86_400_000 * 3,
      /the clock of worker1 is 3 days behind that of manager1/,
      /^Set the clock of manager1/,
    ],
  ])('compares the clocks when a certificate is not valid yet: that of %s', async (node, ahead, message, fix) => {
    const words =
      'rpc error: code = Unavailable desc = connection error: desc = "transport: authentication handshake failed: tls: failed to verify certificate: x509: certificate has expired or is not yet valid: current time 2026-11-23T09:00:00Z is before 2026-11-23T12:06:00Z"';
    const error = await failing(words, (world) => world.clocks.set(node, ahead));
    expect(error).toMatchObject({
      code: 'SWARM_CERTIFICATE',
      message: expect.stringMatching(message),
      fix: expect.stringMatching(fix),
    });
  });

  it('names a blocked port where the engine only ran out of time', async () => {
    const words = 'rpc error: code = DeadlineExceeded desc = context deadline exceeded';
    const error = await failing(words, (world) =>
      world.links.push(
        link('worker1', 'manager1', 'failed', 'Connection timed out'),
        link('manager1', 'worker1', 'ok'),
      ),
    );
    expect(error).toMatchObject({
      code: 'JOIN_FAILED',
      message:
        "worker1 can't join the swarm: manager1 reaches worker1; worker1 can't reach manager1 on 2377/tcp (connection timed out)",
      fix: expect.stringMatching(/^See what manager1 drops/),
    });
  });

  it('is given up in the background at once, and leaves the engine free for the next attempt', async () => {
    const world = await beforeTheSecond();
    const engine = world.swarm.engines.get('worker1')!;
    engine.joinFailures = [
      'Timeout was reached before node joined. The attempt to join the swarm will continue in the background.',
    ];
    world.fault = (what) => {
      if (what === 'worker1 was asked to join the swarm at 192.168.100.1:2377')
        engine.gaveUp = 'remote CA does not match fingerprint. Expected: 4e2d';
    };
    expect(await joinError(world)).toMatchObject({ code: 'SWARM_FOREIGN' });
    expect(world.swarm.writes).toContain('swarm leave worker1');
    world.fault = () => undefined;
    expect(errorsOf(await world.run('up', TWO))).toEqual([]);
  });
});
