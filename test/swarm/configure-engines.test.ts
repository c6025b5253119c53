import { describe, expect, it } from 'vitest';
import { sentenceOf } from '../../lib/contracts/change-sentence.ts';
import type { FakeWorld } from '../fakes/world.ts';
import { clusterOf, fullText } from '../support/cluster.ts';
import { errorsOf, worldWithRegistry } from '../support/worlds.ts';

const withDaemon = (daemon: string) =>
  clusterOf(fullText(3, 2, daemon === '' ? '' : `docker: { daemon: ${daemon} }\n`));
const ORDER = ['worker1', 'worker2', 'manager2', 'manager3', 'manager1'];

async function converged(daemon = ''): Promise<FakeWorld> {
  const world = worldWithRegistry();
  expect(errorsOf(await world.run('up', await withDaemon(daemon)))).toEqual([]);
  world.swarm.writes.length = 0;
  world.engineFiles.done.length = 0;
  return world;
}

async function sentences(world: FakeWorld, daemon: string): Promise<string[]> {
  const plan = await world.run('up', await withDaemon(daemon), { mode: 'plan' });
  return plan.units.flatMap(({ changes }) => changes.map(sentenceOf));
}

const drained = (world: FakeWorld) => world.swarm.writes.filter((write) => write.startsWith('node update'));

describe('the configuration of engines in a running swarm', () => {
  it('is changed on one node at a time: drained, restarted, activated; the leader last', async () => {
    const world = await converged();
    expect(await sentences(world, '{ log-driver: local }')).toEqual(
      ORDER.map((name) => `${name}: daemon.json log-driver default → local; the node is drained meanwhile`),
    );
    expect(errorsOf(await world.run('up', await withDaemon('{ log-driver: local }')))).toEqual([]);
    expect(world.engineFiles.done).toEqual(ORDER.map((name) => `restart ${name}`));
    expect(drained(world)).toEqual(ORDER.flatMap((name) => [`node update ${name}`, `node update ${name}`]));
    for (const name of ORDER) expect(JSON.parse(world.engineFiles.daemonOf(name))).toEqual({ 'log-driver': 'local' });
    expect(await sentences(world, '{ log-driver: local }')).toEqual([]);
  });

  it('is reloaded without draining where running engines apply the change', async () => {
    const world = await converged();
    expect(errorsOf(await world.run('up', await withDaemon('{ debug: true }')))).toEqual([]);
    expect(world.engineFiles.done).toEqual(ORDER.map((name) => `reload ${name}`));
    expect(drained(world)).toEqual([]);
  });

  it('goes back to the default for a key that leaves the cluster file, and keeps what others set', async () => {
    const world = await converged('{ mtu: 1400 }');
    const file = 'worker1:/etc/docker/daemon.json';
    world.engineFiles.files.set(file, '{"mtu": 1400, "dns": ["192.0.2.1"]}');
    expect(await sentences(world, '')).toEqual(
      ORDER.map((name) => `${name}: daemon.json mtu 1400 → default; the node is drained meanwhile`),
    );
    expect(errorsOf(await world.run('up', await withDaemon('')))).toEqual([]);
    expect(JSON.parse(world.engineFiles.daemonOf('worker1'))).toEqual({ dns: ['192.0.2.1'] });
    expect(await sentences(world, '')).toEqual([]);
  });

  it('includes holding the packages that swarmup installed, which drains no node', async () => {
    const world = await converged();
    world.engineFiles.packages.set('worker1', 'hi docker.io\nii containerd\nii runc');
    world.engineFiles.packages.set('worker2', 'hi docker.io\nhi containerd');
    expect(await sentences(world, '')).toEqual(['worker1: hold containerd, runc, which only swarmup upgrades']);
    expect(errorsOf(await world.run('up', await withDaemon('')))).toEqual([]);
    expect(world.engineFiles.done).toEqual(['hold containerd runc on worker1']);
    expect(drained(world)).toEqual([]);
    expect(await sentences(world, '')).toEqual([]);
  });

  it('is refused before anything is touched when the engine’s own program refuses it', async () => {
    const world = await converged();
    world.engineFiles.refused = /"nonsense"/;
    const result = await world.run('up', await withDaemon('{ log-driver: nonsense }'));
    expect(errorsOf(result)).toEqual([
      expect.stringMatching(
        /^upgrade-docker@cluster: \w+: the Docker Engine there refuses docker\.daemon \(log-driver\)/,
      ),
    ]);
    expect(result.units.find(({ error }) => error)?.error?.output).toContain('unable to configure: bad value');
    expect(world.engineFiles.done).toEqual([]);
    expect(drained(world)).toEqual([]);
    expect(world.engineFiles.daemonOf('worker1')).toBe('');
  });

  it('is put back on the first node whose engine does not start with it, and stops there', async () => {
    const world = await converged();
    world.engineFiles.files.set('worker1:/etc/docker/daemon.json', '{"dns": ["192.0.2.1"]}');
    world.engineFiles.fatal = /"mtu": 9/;
    const result = await world.run('up', await withDaemon('{ mtu: 9 }'));
    expect(errorsOf(result)).toEqual([
      expect.stringContaining(
        "the Docker Engine on worker1 doesn't start with the new /etc/docker/daemon.json (mtu); it runs with its old one again",
      ),
    ]);
    expect(result.units.find(({ error }) => error)?.error?.output).toContain('failed to start daemon');
    expect(world.engineFiles.done).toEqual(['restart worker1', 'revive worker1']);
    expect(world.engineFiles.daemonOf('worker1')).toBe('{"dns": ["192.0.2.1"]}');
    expect(world.engineFiles.daemonOf('worker2')).toBe('');
    expect(world.swarm.nodes.every(({ Spec }) => Spec.Availability === 'active')).toBe(true);
  });

  it('never moves the data folder of a node, which would leave the swarm behind', async () => {
    const world = await converged();
    const result = await world.run('up', await withDaemon('{ data-root: /srv/docker }'));
    expect(errorsOf(result)).toEqual([
      "upgrade-docker@cluster: worker1 is in the swarm, so its docker.daemon.data-root can't be changed: its engine would lose the swarm, and all volumes",
    ]);
    expect(world.engineFiles.done).toEqual([]);
    const same = await world.run('up', await withDaemon('{ data-root: /var/lib/docker }'), { mode: 'plan' });
    expect(errorsOf(same)).toEqual([]);
  });

  it('is read again when the run that wrote it was interrupted before the restart', async () => {
    const world = await converged('{ mtu: 1400 }');
    world.engineFiles.files.set('worker2:/var/lib/swarmup/daemon-keys.json', '{"keys": ["mtu"], "unread": ["mtu"]}');
    expect(await sentences(world, '{ mtu: 1400 }')).toEqual(["worker2: restart Docker, which hasn't read mtu yet"]);
    expect(errorsOf(await world.run('up', await withDaemon('{ mtu: 1400 }')))).toEqual([]);
    expect(world.engineFiles.done).toEqual(['restart worker2']);
  });

  it('is written before the engine of a new machine starts, without draining', async () => {
    const world = worldWithRegistry();
    expect(errorsOf(await world.run('up', await withDaemon('{ mtu: 1400 }')))).toEqual([]);
    expect(drained(world).filter((write) => write.includes('drain'))).toEqual([]);
    expect(JSON.parse(world.engineFiles.daemonOf('manager1'))).toEqual({ mtu: 1400 });
  });
});
