import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { sentenceOf } from '../../lib/contracts/change-sentence.ts';
import { clusterText, fileName, type WrittenCluster } from '../../lib/import/cluster-text.ts';
import { fromDockerMachine } from '../../lib/import/docker-machine.ts';
import { fromSwarm } from '../../lib/import/swarm/index.ts';
import { FakeWorld } from '../fakes/world.ts';
import { providerRegistry } from '../../lib/providers/index.ts';
import { clusterOf, IMAGES } from '../support/cluster.ts';
import { errorsOf } from '../support/worlds.ts';

let store: string;

/** A machine as docker-machine 0.16 stores it, shortened to the fields that matter. */
function machine(name: string, driver: string, more: object): void {
  const folder = join(store, 'machines', name);
  mkdirSync(folder, { recursive: true });
  const config = {
    ConfigVersion: 3,
    Driver: {
      IPAddress: '',
      MachineName: name,
      SSHUser: 'docker',
      SSHPort: 0,
      SSHKeyPath: join(folder, 'id_rsa'),
      StorePath: store,
      SwarmMaster: false,
      ...more,
    },
    DriverName: driver,
    HostOptions: { Driver: '', Memory: 0, EngineOptions: { StorageDriver: '' }, SwarmOptions: { IsSwarm: false } },
    Name: name,
  };
  writeFileSync(join(folder, 'config.json'), JSON.stringify(config, null, 4));
  writeFileSync(join(folder, 'id_rsa'), 'a key');
}

beforeAll(() => {
  store = mkdtempSync(join(tmpdir(), 'swarmup-store-'));
  machine('manager1', 'virtualbox', { IPAddress: '192.168.99.100', SSHPort: 52522, Boot2DockerURL: '' });
  machine('worker1', 'virtualbox', { IPAddress: '192.168.99.101', SSHPort: 52541 });
  machine('AWS_node', 'amazonec2', {
    IPAddress: '203.0.113.7',
    PrivateIPAddress: '172.31.4.7',
    SSHUser: 'ubuntu',
    SSHPort: 22,
  });
  machine('never-started', 'virtualbox', {});
});
afterAll(() => rmSync(store, { recursive: true, force: true }));

describe('machines of docker-machine', () => {
  it('become a cluster file with their addresses, users, ports and keys', async () => {
    const text = clusterText(await fromDockerMachine(store, 'guide'));
    expect(text).toContain('# Skipped: never-started, as it has no address (never started?).');
    const cluster = await clusterOf(text);
    expect(cluster).toMatchObject({ name: 'guide', provider: { type: 'hosts' }, docker: { source: 'preinstalled' } });
    expect(cluster.nodes).toMatchObject([
      { name: 'manager1', role: 'manager', host: { address: '192.168.99.100', port: 22, user: 'docker' } },
      { name: 'aws-node', role: 'worker', host: { address: '203.0.113.7', advertise: '172.31.4.7', user: 'ubuntu' } },
      {
        name: 'worker1',
        role: 'worker',
        host: { address: '192.168.99.101', identityFile: join(store, 'machines/worker1/id_rsa') },
      },
    ]);
  });

  it('that are missing are an error with a fix', async () => {
    await expect(fromDockerMachine('/nowhere', 'x')).rejects.toMatchObject({
      code: 'CONFIG_NOT_FOUND',
      fix: expect.stringContaining('--store'),
    });
  });

  it.each([
    ['Node_1.example.org', 'node-1-example-org'],
    ['--', 'node'],
    ['a'.repeat(70), 'a'.repeat(63)],
  ])('get valid node names: %s', (name, expected) => {
    expect(fileName(name)).toBe(expected);
  });
});

/** The cluster file of a swarm, without its stacks. */
async function importedFrom(...args: Parameters<typeof fromSwarm>): Promise<WrittenCluster> {
  return (await fromSwarm(...args)).cluster;
}

describe('a swarm that was created by hand', () => {
  /** As in docs/guide.md: `docker swarm init` and `join`, `docker service create`, and a stack. */
  async function byHand(): Promise<FakeWorld> {
    const world = new FakeWorld();
    world.swarm.registry = IMAGES;
    world.keep('boss', '10.0.0.1', 'boss');
    world.keep('hand-1', '10.0.0.2', 'Hand_1');
    const boss = world.swarm.docker('boss');
    await boss.swarmInit({ AdvertiseAddr: '10.0.0.1' });
    await world.swarm.docker('hand-1').swarmJoin({ JoinToken: 'SWMTKN-worker', RemoteAddrs: ['10.0.0.1:2377'] });
    const spec = (name: string, more: object = {}, env: string[] = []) => ({
      Name: name,
      TaskTemplate: { ContainerSpec: { Image: 'nginx:latest@sha256:'.padEnd(84, 'a'), Env: env } },
      Mode: { Replicated: { Replicas: 2 } },
      EndpointSpec: { Ports: [{ Protocol: 'tcp', TargetPort: 80, PublishedPort: 80, PublishMode: 'ingress' }] },
      ...more,
    });
    const create = (body: object) => boss.createService({}, body);
    await create(spec('web', {}, ['PRICE=$5', 'DB_PASSWORD=hunter2']));
    await create(
      spec('everywhere', {
        Mode: { Global: {} },
        EndpointSpec: { Ports: [{ Protocol: 'udp', TargetPort: 53, PublishedPort: 53, PublishMode: 'host' }] },
      }),
    );
    await create(
      spec('theirs_db', {
        Labels: { 'com.docker.stack.namespace': 'theirs', 'swarmup.stack': 'of another file' },
        EndpointSpec: {},
      }),
    );
    return world;
  }

  it('is imported into a cluster file that changes nothing', async () => {
    const world = await byHand();
    const engine = await world.context(await clusterOf(HOST)).remote.engine('boss', new AbortController().signal);
    const text = clusterText(
      await importedFrom(engine, {
        name: 'found',
        provider: { type: 'hosts', user: 'admin' },
        providers: providerRegistry,
      }),
    );
    expect(text).not.toContain('hunter2');
    expect(text).toContain('Set these in the environment, as their values are not in the files: WEB_DB_PASSWORD.');
    const cluster = await clusterOf(text, { WEB_DB_PASSWORD: 'hunter2' });
    expect(cluster.nodes.map(({ name, role, host }) => `${name} ${role} ${host?.address}`)).toEqual([
      'boss manager 10.0.0.1',
      'hand-1 worker 10.0.0.2',
    ]);
    expect(cluster.services).toMatchObject([
      {
        name: 'everywhere',
        mode: 'global',
        ports: [{ published: 53, target: 53, protocol: 'udp', mode: 'host' }],
      },
      {
        name: 'web',
        image: `nginx:latest@sha256:${'a'.repeat(64)}`,
        replicas: 2,
        env: { PRICE: '$5', DB_PASSWORD: 'hunter2' },
      },
    ]);
    const plan = await world.run('up', cluster, { mode: 'plan' });
    expect(errorsOf(plan)).toEqual([]);
    expect(plan.units.flatMap(({ changes }) => changes.map(sentenceOf))).toEqual([]);
    const writes = world.swarm.writes.length;
    const up = await world.run('up', cluster);
    expect(errorsOf(up)).toEqual([]);
    expect(world.swarm.writes).toHaveLength(writes);
  });

  it('is changed where the file differs, and not removed as a whole', async () => {
    const world = await byHand();
    const engine = await world.context(await clusterOf(HOST)).remote.engine('boss', new AbortController().signal);
    const text = clusterText(
      await importedFrom(engine, { name: 'found', provider: { type: 'hosts' }, providers: providerRegistry }),
    );
    const cluster = await clusterOf(text.replace('replicas: 2', 'replicas: 3'), { WEB_DB_PASSWORD: 'hunter2' });
    expect(errorsOf(await world.run('up', cluster))).toEqual([]);
    expect(world.swarm.services.find(({ Spec }) => Spec.Name === 'web')?.Spec.Mode.Replicated?.Replicas).toBe(3);
    const down = await world.run('down', cluster);
    expect(down.units.flatMap(({ error }) => error?.code ?? [])).toContain('SWARM_FOREIGN');
    expect(world.swarm.nodes).toHaveLength(2);
  });
});

const HOST = 'name: x\nprovider: { type: hosts }\nnodes: [{ name: boss, role: manager, address: 10.0.0.1 }]\n';
