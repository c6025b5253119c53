import { describe, expect, it } from 'vitest';
import { sentenceOf } from '../lib/contracts/change-sentence.ts';
import type { Cluster } from '../lib/config/model.ts';
import type { FakeWorld } from './fakes/world.ts';
import { clusterOf, IMAGES } from './support/cluster.ts';
import { errorsOf, worldWithRegistry } from './support/worlds.ts';

const text = (top: string, web: string, more = '') => `name: test
provider: { type: qemu }
nodes: { managers: 1, workers: 2 }
${top}services:
  web: { image: nginx, replicas: 3${web} }
${more}`;

async function up(world: FakeWorld, file: string, options: Parameters<FakeWorld['run']>[2] = {}): Promise<string[]> {
  const result = await world.run('up', await clusterOf(file), options);
  expect(errorsOf(result)).toEqual([]);
  const own = /^(create-|deploy-services|retire-)/;
  return result.units.flatMap((unit) => (own.test(unit.task) ? unit.changes.map(sentenceOf) : []));
}

const spec = (world: FakeWorld) => world.swarm.services.find(({ Spec }) => Spec.Name === 'web')?.Spec;
const containerOf = (world: FakeWorld) =>
  spec(world)?.TaskTemplate.ContainerSpec as Readonly<Record<string, unknown>> | undefined;

describe('the digest of an image', () => {
  const at = (digit: string, tag = '') => `{ image: "nginx${tag}@sha256:${digit.repeat(64)}", replicas: 3 }`;
  const file = (image: string) => text('', '').replace('{ image: nginx, replicas: 3 }', image);
  const image = (world: FakeWorld) => containerOf(world)?.['Image'];

  it.each(['', ':1.27'])('identifies the image: another digest is a change, and is deployed (tag %j)', async (tag) => {
    const world = worldWithRegistry();
    world.swarm.registry = new Set([...IMAGES, 'nginx:1.27']);
    await up(world, file(at('a', tag)));
    expect(await up(world, file(at('a', tag)))).toEqual([]);
    const [from, to] = ['a', 'b'].map((digit) => `nginx${tag}@sha256:${digit.repeat(64)}`);
    expect(await up(world, file(at('b', tag)))).toEqual([`service web: image ${from} → ${to}`]);
    expect(image(world)).toBe(to);
    expect([...world.swarm.engines.values()].every(({ images }) => images.has(to!))).toBe(true);
  });

  it('that a registry returned for a tag is no change; one that leaves the file is', async () => {
    const world = worldWithRegistry();
    await up(world, text('', ''));
    expect(image(world)).toMatch(/^nginx:latest@sha256:a{64}$/);
    expect(await up(world, text('', ''))).toEqual([]);
    await up(world, file(at('b')));
    expect(await up(world, text('', ''))).toEqual([`service web: image nginx@sha256:${'b'.repeat(64)} → nginx`]);
    expect(image(world)).toMatch(/^nginx:latest@sha256:a{64}$/);
  });
});

describe('the keys of a service', () => {
  const everything = `,
    command: [nginx, -g, daemon off;], user: www-data, workingDir: /srv, hostname: "{{.Node.Hostname}}", init: true, readOnly: true,
    stopSignal: SIGQUIT, stopGracePeriod: 20s, env: { A: '1' }, labels: { team: red }, containerLabels: { tier: web },
    mounts: ['data:/data', '/srv/www:/www:ro', { type: tmpfs, target: /tmp, size: 16MiB }],
    preferences: [node.labels.zone], constraints: [node.role == worker], maxReplicasPerNode: 2,
    limits: { cpus: 0.5, memory: 64MiB, pids: 100 }, reservations: { memory: 32MiB },
    restart: { condition: on-failure, maxAttempts: 3 }, update: { parallelism: 2, order: start-first },
    healthcheck: { test: 'true', interval: 5s }, capDrop: [NET_RAW], sysctls: { net.core.somaxconn: '512' },
    ulimits: { nofile: { soft: 1024, hard: 2048 } }, dns: [10.0.2.3], extraHosts: { db: 10.0.0.9 },
    logging: { driver: json-file, options: { max-size: 1m } }`;

  it('become fields of the Engine API', async () => {
    const world = worldWithRegistry();
    await up(world, text('', everything));
    expect(spec(world)).toMatchSnapshot();
  });

  it('change nothing when applied again, and are reset when they leave the file', async () => {
    const world = worldWithRegistry();
    await up(world, text('', everything));
    expect(await up(world, text('', everything))).toEqual([]);
    const undone = await up(world, text('', ''));
    expect(undone).toContain('service web: user www-data → none');
    const bare = spec(world);
    expect(bare?.TaskTemplate.ContainerSpec).toEqual({ Image: expect.stringContaining('nginx'), Env: [] });
    expect(bare?.UpdateConfig).toMatchObject({ FailureAction: 'rollback' });
    expect(bare?.Labels).toEqual({ 'swarmup.cluster': 'test' });
    expect(await up(world, text('', ''))).toEqual([]);
  });

  it('leave fields alone that were never in the file', async () => {
    const world = worldWithRegistry();
    await up(world, text('', ''));
    const service = world.swarm.services[0]!;
    const { TaskTemplate } = service.Spec;
    service.Spec = {
      ...service.Spec,
      TaskTemplate: { ...TaskTemplate, ContainerSpec: { ...TaskTemplate.ContainerSpec, User: 'somebody' } as never },
    };
    world.swarm.reconcile();
    expect(await up(world, text('', ', replicas: 4').replace('replicas: 3, ', ''))).toEqual([
      'service web: replicas 3 → 4',
    ]);
    expect(containerOf(world)?.['User']).toBe('somebody');
  });

  it('let a service run once per node', async () => {
    const world = worldWithRegistry();
    const file = text('', '').replace('replicas: 3', 'mode: global');
    expect(await up(world, file)).toEqual(['service web: nginx, on every node']);
    expect(world.swarm.tasks).toHaveLength(3);
    const result = await world.run('up', await clusterOf(text('', '')));
    expect(errorsOf(result)).toEqual([
      "deploy-services@web: service web is not replicated, and Swarm can't change a service's mode",
    ]);
  });
});

describe('secrets and configs', () => {
  const file = (value: string, grant = '[key]') =>
    text(
      `secrets: { key: { value: ${value} } }\nconfigs: { motd: { value: Hello } }\n`,
      `, secrets: ${grant}, configs: [motd]`,
    );
  const names = ({ swarm }: FakeWorld, kind: string) =>
    swarm.objects.all.filter((one) => one.kind === kind).map(({ name }) => name);

  it('follow their content: the service moves to the new one, and the old one is removed when no roll-back needs it', async () => {
    const world = worldWithRegistry();
    await up(world, file('one'));
    const [first = ''] = names(world, 'secret');
    expect(first).toMatch(/^key-[0-9a-f]{12}$/);
    expect(containerOf(world)?.['Secrets']).toEqual([
      {
        SecretName: first,
        SecretID: world.swarm.objects.named('secret', first)?.id,
        File: { Name: 'key', UID: '0', GID: '0', Mode: 0o444 },
      },
    ]);
    expect(await up(world, file('one'))).toEqual([]);

    const changes = await up(world, file('two'));
    const [, second = ''] = names(world, 'secret');
    expect(changes).toEqual([`secret ${second}`, `service web: secrets ${first} → ${second}`]);
    // A roll-back needs the first one.
    expect(names(world, 'secret')).toEqual([first, second]);

    await up(world, file('three'));
    const [, third = ''] = names(world, 'secret');
    expect(names(world, 'secret')).toEqual([second, third]);
    expect(world.swarm.writes).toContain(`secret remove ${first}`);
  });

  it('are removed with --prune when they are no longer in the file, and never without it', async () => {
    const world = worldWithRegistry();
    await up(world, file('one'));
    await up(world, text('', ', user: a'));
    await up(world, text('', ', user: b'));
    expect(names(world, 'secret')).toHaveLength(1);
    await up(world, text('', ', user: b'), { prune: true });
    expect([...names(world, 'secret'), ...names(world, 'config')]).toEqual([]);
  });

  it('without swarmup’s mark are not touched', async () => {
    const world = worldWithRegistry();
    await up(world, text('', ''));
    await world.swarm.docker('manager1').createSecret({ Name: 'theirs' });
    await up(world, text('', ''), { prune: true });
    expect(names(world, 'secret')).toEqual(['theirs']);
  });

  it('marked external must exist, and missing ones are named', async () => {
    const world = worldWithRegistry();
    const external = text('secrets: { theirs: { external: true } }\n', ', secrets: [theirs]');
    const missing = await world.run('up', await clusterOf(external));
    expect(errorsOf(missing)).toContain(
      'create-objects@secret theirs: the swarm has no secret theirs, which is declared external',
    );
    await world.swarm.docker('manager1').createSecret({ Name: 'theirs' });
    await up(world, external);
    expect(containerOf(world)?.['Secrets']).toMatchObject([{ SecretName: 'theirs' }]);
  });

  it('never reveal their content', async () => {
    const world = worldWithRegistry();
    const cluster: Cluster = await clusterOf(file('hunter2-hunter2'));
    await world.run('up', cluster);
    const shown = JSON.stringify([cluster, world.events]);
    expect(shown).not.toContain('hunter2-hunter2');
    expect(shown).not.toContain(Buffer.from('hunter2-hunter2').toString('base64'));
  });
});

describe('networks', () => {
  const file = (network: string) => text(`networks: { back: ${network} }\n`, ', networks: [back]');

  it('are created before their users, once, and removed with --prune', async () => {
    const world = worldWithRegistry();
    expect(await up(world, file('{ encrypted: true }'))).toEqual(['network back', 'service web: nginx, 3 replicas']);
    const { writes } = world.swarm;
    expect(writes.indexOf('network create back')).toBeLessThan(writes.indexOf('service create web'));
    expect(spec(world)?.TaskTemplate).toMatchObject({
      Networks: [{ Target: world.swarm.objects.named('network', 'back')?.id, Aliases: [] }],
    });
    expect(await up(world, file('{ encrypted: true }'))).toEqual([]);
    await up(world, text('', ''));
    await up(world, text('', ', user: a'));
    await up(world, text('', ', user: a'), { prune: true });
    expect(world.swarm.objects.all).toEqual([]);
  });

  it("may be the nodes' own: the managers know these by an ID that they don't list", async () => {
    const world = worldWithRegistry();
    const onHost = text('', ', networks: [host]');
    await up(world, onHost);
    expect(spec(world)?.TaskTemplate).toMatchObject({ Networks: [{ Target: 'swarm-host' }] });
    expect(await up(world, onHost)).toEqual([]);
    await up(world, text('', ', user: a'));
    expect(spec(world)?.TaskTemplate).not.toHaveProperty('Networks', expect.anything());
  });

  it("are never changed, as Swarm can't, and foreign ones are never used", async () => {
    const world = worldWithRegistry();
    await up(world, file('{}'));
    const changed = await world.run('up', await clusterOf(file('{ attachable: true }')));
    expect(errorsOf(changed)).toContain(
      "create-networks@back: the network back has attachable: false, and networks can't be changed",
    );
    await world.swarm.docker('manager1').createNetwork({ Name: 'theirs' });
    const taken = await world.run('up', await clusterOf(text('networks: { theirs: {} }\n', ', networks: [theirs]')));
    expect(errorsOf(taken)).toContain("create-networks@theirs: there is a network theirs that swarmup didn't make");
  });
});

describe('a roll-back on request', () => {
  it('restores the state before the last update of a service, once', async () => {
    const world = worldWithRegistry();
    await up(world, text('', ', user: a'));
    await up(world, text('', ', user: b'));
    const cluster = await clusterOf(text('', ', user: b'));
    const result = await world.run('rollback', cluster);
    expect(errorsOf(result)).toEqual([]);
    expect(result.warnings.join()).toContain("the next 'swarmup up' applies the cluster file again");
    expect(containerOf(world)?.['User']).toBe('a');
    expect((await world.run('rollback', cluster)).changed).toBe(0);
    expect(containerOf(world)?.['User']).toBe('a');
    expect(await up(world, text('', ', user: b'))).toEqual(['service web: user a → b']);
  });

  it('does not affect later runs: they wait for the tasks, whatever the last update resulted in', async () => {
    const world = worldWithRegistry();
    await up(world, text('', ', user: a'));
    await up(world, text('', ', user: b'));
    await world.run('rollback', await clusterOf(text('', ', user: b')));
    const [first] = world.swarm.tasks;
    Object.assign(first!, { Status: { State: 'starting' } });
    let looks = 0;
    world.fault = (what) => {
      if (what.endsWith('list the tasks') && ++looks === 3) Object.assign(first!, { Status: { State: 'running' } });
    };
    expect(await up(world, text('', ', user: a'))).toEqual([
      'service web: wait until it runs (2/3 running, 1 starting)',
    ]);
  });

  it('is refused for a service that was never updated', async () => {
    const world = worldWithRegistry();
    await up(world, text('', ''));
    expect(errorsOf(await world.run('rollback', await clusterOf(text('', ''))))).toEqual([
      "roll-back@web: service web can't be rolled back: it was never updated",
    ]);
  });
});

describe('rebalancing a service', () => {
  it('moves tasks to a node that came back empty, and leaves balanced services alone', async () => {
    const world = worldWithRegistry();
    const cluster = await clusterOf(text('', ', replicas: 6').replace('replicas: 3, ', ''));
    await world.run('up', cluster);
    expect((await world.run('rebalance', cluster)).changed).toBe(0);
    world.swarm.lose('worker2');
    world.swarm.regain('worker2');
    const { writes } = world.swarm;
    writes.length = 0;
    const result = await world.run('rebalance', cluster);
    expect(errorsOf(result)).toEqual([]);
    expect(result.units.flatMap(({ changes }) => changes.map(sentenceOf))).toEqual([
      'service web: spread its tasks evenly (now manager1 3, worker1 3, worker2 0)',
    ]);
    // Two tasks more, and two fewer.
    expect(writes).toEqual(['service update web', 'service update web']);
    const on = (name: string) =>
      world.swarm.tasks.filter(
        ({ NodeID }) => NodeID === world.swarm.nodes.find((one) => one.Description.Hostname === name)?.ID,
      );
    expect(['manager1', 'worker1', 'worker2'].map((name) => on(name).length)).toEqual([2, 2, 2]);
    expect((await world.run('rebalance', cluster)).changed).toBe(0);
  });
});
