import { mkdtempSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { sentenceOf } from '../../lib/contracts/change-sentence.ts';
import type { ComposeConfig } from '../../lib/compose/types.ts';
import { parseCluster } from '../../lib/config/load.ts';
import type { Cluster } from '../../lib/config/model.ts';
import { clusterText } from '../../lib/import/cluster-text.ts';
import { fromSwarm, type ImportedSwarm } from '../../lib/import/swarm/index.ts';
import { stacksLeft, writeStacks } from '../../lib/import/swarm/stack-files.ts';
import { Variables } from '../../lib/import/swarm/variables.ts';
import { differences } from '../../lib/swarm/service-spec.ts';
import { providerRegistry } from '../../lib/providers/index.ts';
import { FakeWorld } from '../fakes/world.ts';
import { clusterOf } from '../support/cluster.ts';
import { errorsOf } from '../support/worlds.ts';
import { randomServices } from './zoo.ts';

const HOST = 'name: x\nprovider: { type: hosts }\nnodes: [{ name: boss, role: manager, address: 192.0.2.1 }]\n';

/** A swarm of two hosts that was made by hand. */
async function byHand(): Promise<FakeWorld> {
  const world = new FakeWorld();
  world.swarm.registry = new Set(['nginx:latest', 'nginx:1.27', 'registry.example.org:5000/team/app:2']);
  world.keep('boss', '192.0.2.1');
  world.keep('hand', '192.0.2.2');
  await world.swarm.docker('boss').swarmInit({ AdvertiseAddr: '192.0.2.1' });
  await world.swarm.docker('hand').swarmJoin({ JoinToken: 'SWMTKN-worker', RemoteAddrs: ['192.0.2.1:2377'] });
  return world;
}

async function imported(world: FakeWorld, address?: string): Promise<ImportedSwarm> {
  const engine = await world.context(await clusterOf(HOST)).remote.engine('boss', new AbortController().signal);
  const provider = { type: 'hosts' };
  return fromSwarm(engine, { name: 'found', provider, providers: providerRegistry, ...(address ? { address } : {}) });
}

const create = (world: FakeWorld, body: object) => world.swarm.docker('boss').createService({}, body);

/** Expects that neither a plan nor a run changes anything. */
async function expectNothingToDo(world: FakeWorld, cluster: Cluster): Promise<void> {
  const plan = await world.run('up', cluster, { mode: 'plan' });
  expect(errorsOf(plan)).toEqual([]);
  expect(plan.units.flatMap(({ changes }) => changes.map(sentenceOf))).toEqual([]);
  const writes = world.swarm.writes.length;
  expect(errorsOf(await world.run('up', cluster))).toEqual([]);
  expect(world.swarm.writes.slice(writes)).toEqual([]);
}

/** Expects that a plan and a run of the imported file change nothing. */
async function expectUnchanged(world: FakeWorld, env: Record<string, string> = {}) {
  const found = (await imported(world)).cluster;
  const text = clusterText(found);
  const cluster = await clusterOf(text, env);
  await expectNothingToDo(world, cluster);
  return { text, cluster: found };
}

describe('an imported swarm', () => {
  it.each([1, 2, 3, 4])('is changed by nothing in its file: random services, seed %i', async (seed) => {
    const world = await byHand();
    await world.swarm.docker('boss').createNetwork({ Name: 'back', Driver: 'overlay', Attachable: true });
    await world.swarm.docker('boss').createSecret({ Name: 'key.pem', Data: '' });
    await world.swarm.docker('boss').createSecret({ Name: 'db-key', Data: '' });
    await world.swarm.docker('boss').createConfig({ Name: 'site', Data: '' });
    const ids = Object.fromEntries(world.swarm.objects.all.map(({ kind, name, id }) => [`${kind} ${name}`, id]));
    for (const body of randomServices(seed, 20, ids)) await create(world, body);
    const { cluster, text } = await expectUnchanged(world);
    // Times without a test, and a limit that such a service can't have.
    const left = cluster.notes.filter((note) => note.startsWith('Left unchanged'));
    for (const note of left) expect(note).toMatch(/can't say it: (healthcheck|maxReplicasPerNode) of service/);
    expect(Object.keys(cluster.services ?? {})).toHaveLength(20);
    expect(text).toContain('services:');
  });

  it('keeps digests, and publishes what it published', async () => {
    const world = await byHand();
    const image = `nginx:1.27@sha256:${'c'.repeat(64)}`;
    await create(world, {
      Name: 'web',
      TaskTemplate: { ContainerSpec: { Image: image } },
      Mode: { Replicated: { Replicas: 2 } },
      EndpointSpec: {
        Mode: 'vip',
        Ports: [{ Protocol: 'tcp', TargetPort: 80, PublishedPort: 80, PublishMode: 'ingress' }],
      },
    });
    expect((await expectUnchanged(world)).text).toContain(`image: ${image}`);
  });

  it('has variables, labels and options as they are, whatever they look like', async () => {
    const world = await byHand();
    await create(world, {
      Name: 'odd',
      Labels: { mode: '0440' },
      TaskTemplate: {
        ContainerSpec: {
          Image: 'nginx',
          Env: ['mode=0440', 'target=0o17', 'yes=~'],
          Mounts: [
            {
              Type: 'volume',
              Source: 'vol',
              Target: '/v',
              VolumeOptions: { DriverConfig: { Name: 'local', Options: { mode: '0777', target: '1' } } },
            },
          ],
        },
      },
      Mode: { Replicated: { Replicas: 1 } },
    });
    const { cluster } = await expectUnchanged(world);
    expect(cluster.notes).toHaveLength(1);
  });

  it('has jobs with how often they complete', async () => {
    const world = await byHand();
    const job = (Name: string, Mode: object) => ({ Name, TaskTemplate: { ContainerSpec: { Image: 'nginx' } }, Mode });
    await create(world, job('migrate', { ReplicatedJob: { MaxConcurrent: 1, TotalCompletions: 3 } }));
    await create(world, job('once', { GlobalJob: {} }));
    const { cluster } = await imported(world);
    expect(cluster.services).toMatchObject({
      migrate: { mode: 'replicated-job', total: 3, concurrent: 1 },
      once: { mode: 'global-job' },
    });
    const { services } = await clusterOf(clusterText(cluster));
    const found = world.swarm.services.map((service) => {
      const wanted = services.find(({ name }) => name === service.Spec.Name);
      return wanted && differences(service, wanted);
    });
    expect(found).toEqual([[], []]);
  });

  it('has no node that is down: a dead twin is noted, and one to wait for too', async () => {
    const world = await byHand();
    world.keep('gone', '192.0.2.9', 'hand');
    await world.swarm.docker('gone').swarmJoin({ JoinToken: 'SWMTKN-worker', RemoteAddrs: ['192.0.2.1:2377'] });
    world.keep('away', '192.0.2.8');
    await world.swarm.docker('away').swarmJoin({ JoinToken: 'SWMTKN-worker', RemoteAddrs: ['192.0.2.1:2377'] });
    for (const address of ['192.0.2.9', '192.0.2.8']) {
      const i = world.swarm.nodes.findIndex(({ Status }) => Status.Addr === address);
      const node = world.swarm.nodes[i]!;
      world.swarm.nodes[i] = { ...node, Status: { ...node.Status, State: 'down' } };
    }
    world.machines.delete('gone');
    world.machines.delete('away');
    const { text } = await expectUnchanged(world);
    expect(text).toMatch(/Not in this file: worker hand \(\S+, 192\.0\.2\.9\) is down, and another node has its name/);
    expect(text).toContain('When it is back, add: { name: away, role: worker, address: 192.0.2.8 }');
  });

  it('has two nodes with one host name under two names', async () => {
    const world = await byHand();
    world.keep('twin', '192.0.2.3', 'hand');
    await world.swarm.docker('twin').swarmJoin({ JoinToken: 'SWMTKN-worker', RemoteAddrs: ['192.0.2.1:2377'] });
    const { cluster } = await imported(world);
    expect(cluster.nodes.map(({ name, address }) => `${String(name)} ${String(address)}`)).toEqual([
      'boss 192.0.2.1',
      'hand 192.0.2.2',
      'hand-2 192.0.2.3',
    ]);
  });

  it('is reached as the user named the manager, which advertises its own address', async () => {
    const world = await byHand();
    const { cluster } = await imported(world, 'deploy@boss.example.org');
    expect(cluster.nodes[0]).toMatchObject({ address: 'deploy@boss.example.org', advertise: '192.0.2.1' });
  });

  it('has settings of the swarm that differ from the defaults', async () => {
    const world = await byHand();
    world.swarm.pool = ['10.50.0.0/16'];
    world.swarm.spec = {
      Dispatcher: { HeartbeatPeriod: 15e9 },
      Orchestration: { TaskHistoryRetentionLimit: 2 },
      CAConfig: { NodeCertExpiry: 7_776_000_000_000_000 },
    };
    const { text } = await expectUnchanged(world);
    expect(text).toContain('swarm:\n  addressPool:\n    - 10.50.0.0/16\n  heartbeat: 15s\n  taskHistory: 2\n');
  });

  it('has a note for each service that a cluster file can not describe', async () => {
    const world = await byHand();
    const spec = (Name: string, more: object) => ({
      Name,
      TaskTemplate: { ContainerSpec: { Image: 'nginx' } },
      Mode: { Replicated: { Replicas: 1 } },
      ...more,
    });
    await create(world, spec('odd-env', { TaskTemplate: { ContainerSpec: { Image: 'nginx', Env: ['A=1', 'A=2'] } } }));
    await create(
      world,
      spec('odd-key', { TaskTemplate: { ContainerSpec: { Image: 'nginx', Healthcheck: { Interval: 5e9 } } } }),
    );
    const { text } = await expectUnchanged(world);
    expect(text).toContain(
      "# Left unchanged, and not in this file: service odd-env (a cluster file can't say its env).",
    );
  });

  it('has the services of swarmup’s own clusters as their file had them', async () => {
    const world = await byHand();
    const first = await clusterOf(
      `${HOST.replace(' }]', ' }, { name: hand, role: worker, address: 192.0.2.2 }]')}services:
  web: { image: nginx, ports: ['80:80'] }
  app: { image: nginx, replicas: 2, user: www-data, labels: { team: red }, limits: { memory: 64MiB } }
`,
    );
    expect(errorsOf(await world.run('up', first))).toEqual([]);
    const { cluster } = await expectUnchanged(world);
    expect(cluster.services).toMatchObject({
      web: { image: expect.stringMatching(/^nginx/), ports: [expect.anything()] },
      app: { replicas: 2, user: 'www-data', labels: { team: 'red' }, limits: { memory: expect.anything() } },
    });
    expect(Object.keys(cluster.services?.['web'] ?? {}).toSorted()).not.toContain('update');
    expect(cluster.notes.filter((note) => note.startsWith('Left'))).toEqual([]);
  });

  it('can add nothing to the file by its names', async () => {
    const world = await byHand();
    await create(world, {
      Name: 'evil\nprovider: { type: qemu }',
      Labels: { 'com.docker.stack.namespace': '../x\nprovider: y' },
      TaskTemplate: { ContainerSpec: { Image: 'nginx' } },
      Mode: { Replicated: { Replicas: 1 } },
    });
    const { cluster, stacks, found } = await imported(world);
    const { stacks: sections, notes } = await writeStacks(stacks, '/nowhere', found);
    expect(sections).toEqual({});
    const text = clusterText({ ...cluster, notes: [...cluster.notes, ...notes] });
    expect(text.split('\n').filter((line) => line.startsWith('provider'))).toEqual(['provider:']);
  });
});

describe('secrets of an imported swarm', () => {
  const hidden = (service: Record<string, unknown>) => {
    const variables = new Variables();
    const file = variables.hide('db', service);
    const text = clusterText({ name: 'x', provider: {}, nodes: [], services: { db: file }, notes: [] });
    return { text, values: variables.values };
  };

  it.each<[string, Record<string, unknown>, string, Record<string, string>]>([
    [
      'an environment variable',
      { env: { DB_PASSWORD: 'hunter2' } },
      '"${DB_DB_PASSWORD}"',
      { DB_DB_PASSWORD: 'hunter2' },
    ],
    [
      'an option of a command',
      { command: ['server', '--root-password=hunter2'] },
      '--root-password=${DB_ROOT_PASSWORD}',
      { DB_ROOT_PASSWORD: 'hunter2' },
    ],
    ['the word after an option', { command: ['--token', 'hunter2'] }, '"${DB_TOKEN}"', { DB_TOKEN: 'hunter2' }],
    [
      'an option of a logging driver',
      { logging: { driver: 'splunk', options: { 'splunk-token': 'hunter2' } } },
      'splunk-token: "${DB_SPLUNK_TOKEN}"',
      { DB_SPLUNK_TOKEN: 'hunter2' },
    ],
    [
      'a label with a password',
      { labels: { 'traefik.http.middlewares.a.basicauth.users': 'me:hunter2' } },
      '"${DB_TRAEFIK_HTTP_MIDDLEWARES_A_BASICAUTH_USERS}"',
      { DB_TRAEFIK_HTTP_MIDDLEWARES_A_BASICAUTH_USERS: 'me:hunter2' },
    ],
  ])('are variables: %s', (_what, service, expected, values) => {
    const { text, values: found } = hidden(service);
    expect(text).toContain(expected);
    expect(text).not.toContain('hunter2');
    expect(found).toEqual(values);
  });

  it('are not paths of files with secrets, nor empty values', () => {
    const { values } = hidden({ env: { DB_PASSWORD_FILE: '/run/secrets/db', DB_PASSWORD: '' } });
    expect(values).toEqual({});
  });

  it('are different variables where they differ', () => {
    const variables = new Variables();
    variables.hide('a-b', { env: { KEY: 'one' } });
    variables.hide('a_b', { env: { KEY: 'two' } });
    variables.hide('a.b', { env: { KEY: 'one' } });
    expect(variables.values).toEqual({ A_B_KEY: 'one', A_B_KEY_2: 'two' });
  });

  it('are needed to load the file, and then give the same values, whatever is in them', async () => {
    const world = await byHand();
    const value = '1e3 "$x" {} #';
    await create(world, {
      Name: 'db',
      TaskTemplate: { ContainerSpec: { Image: 'nginx', Env: [`SECRET=${value}`, 'PLAIN=$a ${b} $$'] } },
      Mode: { Replicated: { Replicas: 1 } },
    });
    const { text } = await expectUnchanged(world, { DB_SECRET: value });
    expect(text).not.toContain('1e3');
    await expect(clusterOf(text)).rejects.toThrow('the environment variable DB_SECRET is not set');
  });
});

describe('the stacks of an imported swarm', () => {
  const compose = (services: object) => ({ services, networks: {} }) as unknown as ComposeConfig;
  const temporary = () => mkdtempSync(join(tmpdir(), 'swarmup-stacks-'));
  /** The cluster file as it is read beside its Compose files, with the variable that stands for the token. */
  const readIn = (folder: string, text: string) => {
    const file = join(folder, 'swarmup.yaml');
    const env = { SHOP_WEB_API_TOKEN: 'hunter2' };
    return parseCluster(text, {
      file,
      shown: file,
      stateRoot: join(folder, '.swarmup'),
      env,
      providers: providerRegistry,
    });
  };
  const shop = compose({
    web: { image: 'nginx', environment: { API_TOKEN: 'hunter2' }, deploy: { replicas: 2 } },
    proxy: { image: 'nginx:1.27', ports: [{ target: 80, published: 8080, protocol: 'tcp', mode: 'ingress' }] },
  });

  it('are part of its file, which changes nothing', async () => {
    const world = await byHand();
    const folder = temporary();
    world.swarm.deployStack('shop', shop);
    const { cluster, stacks, found } = await imported(world);
    const { stacks: sections, notes } = await writeStacks(stacks, folder, found);
    expect(sections).toEqual({ shop: { file: 'shop.yml' } });
    const text = clusterText({ ...cluster, stacks: sections, notes });
    await expectNothingToDo(world, await readIn(folder, text));
    expect(readFileSync(join(folder, 'shop.yml'), 'utf8')).not.toContain('hunter2');
    // A change of the file, later, is one.
    writeFileSync(join(folder, 'shop.yml'), readFileSync(join(folder, 'shop.yml'), 'utf8').replace('1.27', '1.28'));
    const changed = await readIn(folder, text);
    const { units } = await world.run('up', changed, { mode: 'plan' });
    expect(units.flatMap(({ changes }) => changes.map(sentenceOf))).toEqual([
      'stack shop: proxy',
      'stack shop, service proxy: image nginx:1.27 → nginx:1.28',
    ]);
  });

  it('are written beside its file, and never over another file', async () => {
    const world = await byHand();
    const folder = temporary();
    writeFileSync(join(folder, 'shop.yml'), 'mine');
    world.swarm.deployStack('blog', compose({ web: { image: 'nginx' } }));
    world.swarm.deployStack('shop', shop);
    const { stacks, found } = await imported(world);
    const { stacks: sections } = await writeStacks(stacks, folder, found);
    expect(sections).toEqual({ blog: { file: 'blog.yml' }, shop: { file: 'shop.imported.yml' } });
    expect(readdirSync(folder).toSorted()).toEqual(['blog.yml', 'shop.imported.yml', 'shop.yml']);
    expect(readFileSync(join(folder, 'shop.yml'), 'utf8')).toBe('mine');
  });

  it('claim a version where a manager’s docker reads no file without', async () => {
    const world = await byHand();
    world.swarm.upgrade('boss', '20.10.24');
    world.swarm.deployStack('shop', shop);
    const { cluster, stacks, found } = await imported(world);
    const folder = temporary();
    const { stacks: sections, notes } = await writeStacks(stacks, folder, found);
    expect(readFileSync(join(folder, 'shop.yml'), 'utf8')).toMatch(/^version: "3\.9"\nservices:$/m);
    await expectNothingToDo(world, await readIn(folder, clusterText({ ...cluster, stacks: sections, notes })));
  });

  it('are left unchanged when the managers’ docker can’t read their file', async () => {
    const world = await byHand();
    world.swarm.deployStack('shop', shop);
    world.swarm.upgrade('boss', '20.10.24');
    const service = world.swarm.services.find(({ Spec }) => Spec.Name === 'shop_web')!;
    const Healthcheck = { Test: ['CMD', 'true'], StartInterval: 1_000_000_000 };
    Object.assign(service.Spec.TaskTemplate.ContainerSpec, { Healthcheck });
    const { stacks, found } = await imported(world);
    const { stacks: sections, notes } = await writeStacks(stacks, temporary(), found);
    expect(sections).toEqual({});
    expect(notes.join()).toContain("'start_interval' exists since version 3.12, and this file claims 3.9");
  });

  it('are left unchanged when the file would change them, with the reason', async () => {
    const world = await byHand();
    world.swarm.deployStack('shop', shop);
    const service = world.swarm.services.find(({ Spec }) => Spec.Name === 'shop_web')!;
    Object.assign(service.Spec.TaskTemplate.ContainerSpec, { DNSConfig: { Options: ['ndots:1'] } });
    const { stacks, found } = await imported(world);
    expect(await writeStacks(stacks, temporary(), found)).toEqual({
      stacks: {},
      notes: [
        'Left unchanged: the stack shop (its services differ from what its file says: web (dns)). Its services are in shop.yml.',
      ],
    });
  });

  it('are left unchanged without a file to write them beside', async () => {
    const world = await byHand();
    world.swarm.deployStack('shop', shop);
    expect(stacksLeft((await imported(world)).stacks)).toEqual([
      'Left unchanged: the stacks shop. With -o FILE, they are written too, as Compose files.',
    ]);
    expect(stacksLeft([])).toEqual([]);
  });
});
