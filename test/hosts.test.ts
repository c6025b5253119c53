import { describe, expect, it } from 'vitest';
import { sentenceOf } from '../lib/contracts/change-sentence.ts';
import { nameOf } from '../lib/swarm/read.ts';
import type { RunResult } from '../lib/contracts/events.ts';
import { FakeWorld } from './fakes/world.ts';
import { clusterOf, IMAGES } from './support/cluster.ts';
import { errorsOf } from './support/worlds.ts';

const FILE = `name: test
provider: { type: hosts }
nodes:
  - { name: m1, role: manager, address: 10.0.0.1 }
  - { name: m2, role: manager, address: 10.0.0.2 }
  - { name: m3, role: manager, address: 10.0.0.3 }
  - { name: w1, role: worker, address: 10.0.0.4 }
  - { name: w2, role: worker, address: 10.0.0.5 }
services:
  web: { image: nginx, replicas: 3, ports: ['80:80'], verify: { body: Welcome } }
`;
const NAMES = ['m1', 'm2', 'm3', 'w1', 'w2'];
const cluster = await clusterOf(FILE);

/** Five hosts whose host names differ from the names in the file. */
function hosts(): FakeWorld {
  const world = new FakeWorld();
  world.swarm.registry = IMAGES;
  NAMES.forEach((name, i) => world.keep(name, `10.0.0.${i + 1}`, `ip-10-0-0-${i + 1}.example.org`));
  return world;
}

const summaries = (result: RunResult) => result.units.flatMap((unit) => unit.changes.map(sentenceOf));
const nodes = ({ swarm }: FakeWorld) => swarm.nodes.map((node) => `${nameOf(node)} ${node.Spec.Role}`).toSorted();

describe('existing hosts', () => {
  it('form a swarm under the names in the file, whatever their host names', async () => {
    const world = hosts();
    const result = await world.run('up', cluster);
    expect(errorsOf(result)).toEqual([]);
    expect(nodes(world)).toEqual(['m1 manager', 'm2 manager', 'm3 manager', 'w1 worker', 'w2 worker']);
    expect(result.units.filter(({ task }) => task === 'preflight').map(({ outcome }) => outcome)).toEqual(
      NAMES.map(() => 'unchanged'),
    );
    const again = await world.run('up', cluster);
    expect(errorsOf(again)).toEqual([]);
    expect(summaries(again)).toEqual([]);
  });

  it('are left untouched as long as any of them has a fatal finding', async () => {
    const world = hosts();
    world.findings.push({ node: 'w1', check: 'clock', severity: 'fatal', message: 'its clock is off', fix: 'Set it.' });
    const result = await world.run('up', cluster);
    expect(errorsOf(result)).toEqual(['preflight@w1: w1: its clock is off']);
    expect(world.swarm.writes).toEqual([]);
    expect(result.units.filter(({ outcome }) => outcome === 'changed')).toEqual([]);
  });

  it('with a fatal finding are skipped under --keep-going, and the others continue', async () => {
    const world = hosts();
    world.findings.push({ node: 'w1', check: 'clock', severity: 'fatal', message: 'its clock is off', fix: 'Set it.' });
    const result = await world.run('up', cluster, { keepGoing: true });
    expect(errorsOf(result)).toEqual(['preflight@w1: w1: its clock is off']);
    expect(nodes(world)).toEqual(['m1 manager', 'm2 manager', 'm3 manager', 'w2 worker']);
  });

  it('are warned about, with all findings of a host at once', async () => {
    const world = hosts();
    world.findings.push({
      node: 'w2',
      check: 'proxy',
      severity: 'warning',
      message: 'it has a proxy',
      fix: 'Know it.',
    });
    const result = await world.run('up', cluster);
    expect(errorsOf(result)).toEqual([]);
    expect(result.warnings).toEqual(['w2: it has a proxy']);
    const wrong = hosts();
    for (const message of ['its clock is off', 'its disk is full'])
      wrong.findings.push({ node: 'm1', check: 'x', severity: 'fatal', message, fix: 'Mend it.' });
    const refused = (await wrong.run('up', cluster)).units.find(({ error }) => error)?.error;
    expect(refused?.message).toBe('m1: 2 problems keep it from being a node');
    expect(refused?.output).toContain('- its clock is off\n  Mend it.\n- its disk is full');
  });

  it('are not checked again once they are nodes', async () => {
    const world = hosts();
    await world.run('up', cluster);
    world.findings.push({ node: 'w1', check: 'disk', severity: 'fatal', message: 'its disk is full', fix: 'Clean.' });
    expect(errorsOf(await world.run('up', cluster))).toEqual([]);
  });
});

describe('the address pool of a new swarm', () => {
  const poolOf = async (file = FILE, change: (world: FakeWorld) => void = () => undefined) => {
    const world = hosts();
    change(world);
    const wanted = await clusterOf(file);
    const planned = summaries(await world.run('up', wanted, { mode: 'plan' })).filter((one) =>
      one.startsWith('swarm on'),
    );
    expect(errorsOf(await world.run('up', wanted))).toEqual([]);
    const again = await world.run('up', wanted, { mode: 'plan' });
    expect(summaries(again)).toEqual([]);
    return { planned, pool: world.swarm.pool };
  };

  it('is one that no address of a node is in', async () => {
    expect(await poolOf()).toEqual({
      planned: ['swarm on m1, overlay networks in 10.200.0.0/16; the address of m1 is 10.0.0.1'],
      pool: ['10.200.0.0/16'],
    });
  });

  it('is one that no node has a route to', async () => {
    const routes = (world: FakeWorld) =>
      world.routes.set('w2', 'default via 10.0.0.254 dev eth0\n10.0.0.0/24 dev eth0\n10.200.0.0/15 dev tun0');
    expect(await poolOf(FILE, routes)).toMatchObject({ pool: ['10.202.0.0/16'] });
  });

  it("is the engine's default where nothing overlaps it", async () => {
    const far = (world: FakeWorld) =>
      NAMES.forEach((name, i) => world.keep(name, `192.0.2.${i + 1}`, `ip-192-0-2-${i + 1}.example.org`));
    expect(await poolOf(FILE.replaceAll('10.0.0.', '192.0.2.'), far)).toEqual({
      planned: ['swarm on m1'],
      pool: ['10.0.0.0/8'],
    });
  });

  it('is that of the cluster file if there is one', async () => {
    expect(await poolOf(`${FILE}swarm: { addressPool: [10.50.0.0/16] }\n`)).toEqual({
      planned: ['swarm on m1'],
      pool: ['10.50.0.0/16'],
    });
  });

  it('is planned before Docker is installed', async () => {
    const world = new FakeWorld();
    world.bare = true;
    world.swarm.registry = IMAGES;
    NAMES.forEach((name, i) => world.keep(name, `10.0.0.${i + 1}`));
    const planned = summaries(await world.run('up', cluster, { mode: 'plan' }));
    expect(planned).toContain('swarm on m1, overlay networks in 10.200.0.0/16; the address of m1 is 10.0.0.1');
  });

  it('is refused when the cluster file names one that a node uses, with a free one', async () => {
    const world = hosts();
    world.routes.set('w2', '0.0.0.0/1 via 10.8.0.1 dev tun0\n10.48.0.0/12 dev tun0 table 51820');
    for (const [section, place] of [
      ['swarm: { addressPool: [10.50.0.0/16] }', 'swarm.addressPool 10.50.0.0/16 (swarmup.yaml:11:24)'],
      ['networks: { back: { subnet: 10.50.1.0/24 } }', 'the subnet 10.50.1.0/24 of network back (swarmup.yaml:11:19)'],
    ] as const) {
      const result = await world.run('up', await clusterOf(`${FILE}${section}\n`));
      expect(errorsOf(result)).toEqual([
        `init-manager@m1: ${place} overlaps another network: w2 has a route to 10.48.0.0/12 (tun0)`,
      ]);
      const error = result.units.find((unit) => unit.error)?.error;
      expect(error?.code).toBe('POOL_TAKEN');
      expect(error?.fix).toMatch(/name a free one: (addressPool: \[10\.200\.0\.0\/16\]|subnet: 10\.200\.255\.0\/24)$/);
    }
    expect(world.swarm.writes).toEqual([]);
  });

  it('leaves room for a subnet of the cluster file', async () => {
    const far = (world: FakeWorld) =>
      NAMES.forEach((name, i) => world.keep(name, `192.0.2.${i + 1}`, `ip-192-0-2-${i + 1}.example.org`));
    const file = FILE.replaceAll('10.0.0.', '192.0.2.');
    expect(await poolOf(`${file}networks: { back: { subnet: 10.0.0.0/24 } }\n`, far)).toEqual({
      planned: ['swarm on m1, overlay networks in 10.200.0.0/16; network back has 10.0.0.0/24'],
      pool: ['10.200.0.0/16'],
    });
  });

  it('is refused when every private network is taken', async () => {
    const world = hosts();
    world.routes.set('w1', ['10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16'].map((one) => `${one} dev t`).join('\n'));
    expect(errorsOf(await world.run('up', cluster))).toEqual([
      'init-manager@m1: no private network is free for the overlay networks',
    ]);
    expect(world.swarm.writes).toEqual([]);
  });
});

describe('taking down a cluster of existing hosts', () => {
  it('removes the workers first, then the managers one by one, the first last, and keeps the machines', async () => {
    const world = hosts();
    await world.run('up', cluster);
    world.swarm.writes.length = 0;
    const result = await world.run('down', cluster);
    expect(errorsOf(result)).toEqual([]);
    const left = world.swarm.writes.filter((write) => write.startsWith('swarm leave'));
    expect(left.slice(0, 2).toSorted()).toEqual(['swarm leave w1', 'swarm leave w2']);
    expect(left.slice(2)).toEqual(['swarm leave m3', 'swarm leave m2', 'swarm leave m1']);
    expect([...world.machines.keys()]).toEqual(NAMES);
    const again = await world.run('down', cluster);
    expect(errorsOf(again)).toEqual([]);
    expect(again.units.filter(({ task }) => task.startsWith('leave-')).map(({ outcome }) => outcome)).toEqual(
      NAMES.map(() => 'unchanged'),
    );
  });

  it('continues after an engine timed out while leaving the swarm', async () => {
    const world = hosts();
    await world.run('up', cluster);
    world.swarm.engines.get('m1')!.lateToLeave = 2;
    expect(errorsOf(await world.run('down', cluster))).toEqual([]);
    expect(world.swarm.engines.get('m1')?.lateToLeave).toBe(0);
    expect(world.swarm.writes.at(-1)).toBe('swarm leave m1');
  });

  it('can remove a single host, which is drained first', async () => {
    const world = hosts();
    await world.run('up', cluster);
    world.swarm.writes.length = 0;
    const result = await world.run('remove', cluster, { selection: { nodes: ['w1'] } });
    expect(errorsOf(result)).toEqual([]);
    expect(world.swarm.writes).toEqual([
      'node update ip-10-0-0-4.example.org',
      'swarm leave w1',
      'node remove ip-10-0-0-4.example.org',
    ]);
  });

  it('refuses to end a swarm that swarmup did not create', async () => {
    const world = hosts();
    await world.run('up', cluster);
    world.swarm.nodes.forEach((node, i) => (world.swarm.nodes[i] = { ...node, Spec: { ...node.Spec, Labels: {} } }));
    world.swarm.writes.length = 0;
    const result = await world.run('down', cluster);
    expect(result.units.flatMap(({ error }) => error?.code ?? [])).toContain('SWARM_FOREIGN');
    expect(world.swarm.writes).toEqual([]);
  });

  it('refuses to leave other nodes without a manager', async () => {
    const world = hosts();
    await world.run('up', cluster);
    const worker = world.swarm.nodes.find(({ Spec }) => Spec.Role === 'worker')!;
    world.swarm.nodes.push({
      ...worker,
      ID: 'other',
      Spec: { ...worker.Spec, Labels: {} },
      Description: { ...worker.Description, Hostname: 'theirs' },
    });
    const result = await world.run('down', cluster);
    expect(errorsOf(result)).toEqual(['leave-managers@m1: m1 is the last manager, and the swarm still has theirs']);
  });

  it('powers no machine off', async () => {
    const world = hosts();
    await world.run('up', cluster);
    const result = await world.run('stop', cluster);
    expect(result.units.map(({ outcome, reason }) => `${outcome}: ${reason}`)).toEqual(
      NAMES.map(() => 'skipped: it existed before swarmup, which never powers it off'),
    );
  });

  it('removes a host that is no longer in the file, with --prune', async () => {
    const world = hosts();
    await world.run('up', cluster);
    const smaller = await clusterOf(FILE.replace(/ {2}- \{ name: w2.*\n/, ''));
    const told = await world.run('up', smaller);
    expect(told.warnings.join()).toContain('node w2');
    world.swarm.writes.length = 0;
    expect(errorsOf(await world.run('up', smaller, { prune: true }))).toEqual([]);
    expect(world.swarm.writes).toContain('swarm leave w2');
    expect(nodes(world)).toEqual(['m1 manager', 'm2 manager', 'm3 manager', 'w1 worker']);
  });
});
