import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { sentenceOf } from '../../lib/contracts/change-sentence.ts';
import type { RunResult } from '../../lib/contracts/events.ts';
import { parseCertificate } from '../../lib/swarm/certificates.ts';
import { certificatesExpired, expiryOf } from '../../lib/swarm/expired.ts';
import type { FakeWorld } from '../fakes/world.ts';
import { clusterOf, fullText } from '../support/cluster.ts';
import { errorsOf, worldWithRegistry } from '../support/worlds.ts';

/** From a manager with Docker 26.1.5: valid until 2027-02-21. */
const PEM = readFileSync(fileURLToPath(new URL('recorded/swarm-node.crt', import.meta.url)), 'utf8');
const ID = parseCertificate(PEM)?.id ?? '';
/** As moby writes it: node/node.go, loadSecurityConfig, around ca/certificates.go, ValidateCertChain. */
const WORDS = `error while loading TLS certificate in /var/lib/docker/swarm/certificates/swarm-node.crt: certificate (1 - ${ID}) not valid after Sun, 21 Feb 2027 13:06:00 UTC, and it is currently Mon, 01 Mar 2027 08:00:00 UTC: x509: certificate has expired or is not yet valid: `;
const NOW = Date.parse('2027-03-01T08:30:00Z');
/** The same at the time of the fake world's clock. */
const THEN = WORDS.replace('Sun, 21 Feb 2027 13:06:00', 'Sun, 05 Nov 2023 13:06:00').replace(
  'Mon, 01 Mar 2027 08:00:00',
  'Tue, 14 Nov 2023 20:00:00',
);

const TWO = await clusterOf(fullText(1, 2));
const THREE = await clusterOf(fullText(3, 1));

/** The node was off for months: its certificate is the recorded one, so its ID is too. */
function expire(world: FakeWorld, name: string, isRecorded = true): void {
  const engine = world.swarm.engines.get(name)!;
  const i = world.swarm.nodes.findIndex(({ ID: id }) => id === engine.swarmNodeId);
  if (isRecorded) {
    world.swarm.nodes[i] = { ...world.swarm.nodes[i]!, ID };
    engine.swarmNodeId = ID;
    world.certificates.set(name, PEM);
  }
  world.swarm.lose(name);
  engine.expired = THEN;
}

const changes = (result: RunResult) => result.units.flatMap((unit) => unit.changes.map(sentenceOf));
const errorOf = (result: RunResult) => result.units.find(({ error }) => error)?.error;

describe("an engine's words about an expired certificate", () => {
  it.each([
    ['error', WORDS, { since: Date.parse('2027-02-21T13:06:00Z'), clock: Date.parse('2027-03-01T08:00:00Z') }],
    [
      'error',
      'Swarm certificates have expired. To replace them, leave the swarm and join again.',
      { since: undefined, clock: undefined },
    ],
    ['error', "manager stopped: can't initialize raft node: context canceled", undefined],
    ['active', WORDS, undefined],
    ['pending', '', undefined],
  ])('are understood in the state %s: %s', (state, error, expected) => {
    expect(expiryOf({ state, error })).toEqual(expected);
  });

  it('lead to the clock when that is wrong', () => {
    const expiry = expiryOf({ state: 'error', error: WORDS })!;
    const { message, fix } = certificatesExpired([{ node: 'm1', expiry }], NOW - 40 * 86_400_000);
    expect(message).toContain('the clock of m1 said 2027-03-01T08:00:00.000Z then');
    expect(fix).toMatch(
      /^Set the clock.*swarmup ssh m1 -- sudo sh -c "'timedatectl set-ntp true && systemctl restart docker'"$/,
    );
    expect(certificatesExpired([{ node: 'm1', expiry }], NOW).fix).toContain('swarmup recover');
  });
});

describe('a member whose certificate expired while it was off', () => {
  it('leaves and joins again, and its old record is removed', async () => {
    const world = worldWithRegistry();
    await world.run('up', TWO);
    expire(world, 'worker1');
    const planned = changes(await world.run('up', TWO, { mode: 'plan' }));
    expect(planned).toEqual(
      expect.arrayContaining([
        `dead node worker1 (${ID}), its certificate expired on 2023-11-05`,
        'worker1 leaves the swarm; its certificate expired on 2023-11-05',
        'worker1 joins as worker',
      ]),
    );
    expect(errorsOf(await world.run('up', TWO))).toEqual([]);
    expect(world.swarm.nodes.map(({ Status }) => Status.State)).toEqual(['ready', 'ready', 'ready']);
    expect(world.swarm.nodes.some((node) => node.ID === ID)).toBe(false);
    expect((await world.run('up', TWO)).changed).toBe(0);
  });

  it('may be the first manager, while others still work', async () => {
    const world = worldWithRegistry();
    await world.run('up', THREE);
    expire(world, 'manager1');
    expect(errorsOf(await world.run('up', THREE))).toEqual([]);
    expect(world.swarm.nodes.filter(({ ManagerStatus }) => ManagerStatus)).toHaveLength(3);
    expect((await world.run('up', THREE)).changed).toBe(0);
  });

  it.each([
    ['was never marked as one of this cluster', PEM],
    ['has none that can be read', 'damaged'],
    ['has none', undefined],
  ])('is never made to leave when it %s', async (_, pem) => {
    const world = worldWithRegistry();
    await world.run('up', TWO);
    expire(world, 'worker1', false);
    if (pem !== undefined) world.certificates.set('worker1', pem);
    expect(errorOf(await world.run('up', TWO))).toMatchObject({
      code: 'SWARM_CERTIFICATE',
      message:
        "worker1's certificate of a swarm expired on 2023-11-05, and this cluster's managers don't know the node that it names",
      fix: expect.stringContaining('swarmup ssh worker1 -- sudo docker swarm leave --force'),
    });
    expect(world.swarm.writes).not.toContain('swarm leave worker1');
  });
});

describe('a swarm all of whose managers have expired certificates', () => {
  const expired = async () => {
    const world = worldWithRegistry();
    await world.run('up', THREE);
    for (const name of ['manager1', 'manager3']) expire(world, name, false);
    expire(world, 'manager2');
    return world;
  };

  it.each(['up', 'verify'] as const)('is explained by every command that needs one: %s', async (pipeline) => {
    const result = await (await expired()).run(pipeline, THREE, { mode: pipeline === 'up' ? 'plan' : 'check' });
    expect(errorOf(result)).toMatchObject({
      code: 'SWARM_CERTIFICATE',
      message: expect.stringMatching(
        /no manager that works: manager1's certificate expired on 2023-11-05, manager2's certificate expired on 2023-11-05, manager3's certificate/,
      ),
      fix: expect.stringContaining('swarmup recover'),
    });
  });

  it('is rebuilt from the one that is known to have been a manager', async () => {
    const world = await expired();
    const services = world.swarm.services.map(({ ID: id }) => id);
    world.swarm.writes.length = 0;
    expect(errorsOf(await world.run('recover', THREE))).toEqual([]);
    expect(world.swarm.writes.filter((write) => /stopped|swarm init|docker-state/.test(write))).toEqual([
      'manager2 stopped',
      'swarm init --force-new-cluster manager2',
      'manager2: rm docker-state.json.expired',
    ]);
    expect(world.swarm.services.map(({ ID: id }) => id)).toEqual(services);
    expect(world.swarm.engines.get('manager2')?.expired).toBeUndefined();
  });

  it('keeps its state when that fails', async () => {
    const world = await expired();
    world.fault = (what) => {
      if (what.includes('make a swarm from')) throw new Error('no power');
    };
    expect(errorsOf(await world.run('recover', THREE)).join()).toContain('no power');
    expect(world.swarm.writes.at(-1)).toBe('manager2: mv docker-state.json.expired');
  });
});
