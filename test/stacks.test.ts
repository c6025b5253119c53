import { describe, expect, it } from 'vitest';
import { sentenceOf } from '../lib/contracts/change-sentence.ts';
import type { Cluster, StackSpec } from '../lib/config/model.ts';
import type { RunResult } from '../lib/contracts/events.ts';
import type { ServiceSpecification } from '../lib/contracts/swarm-types.ts';
import { isTransient } from '../lib/remote/transient.ts';
import { SwarmupError } from '../lib/util/errors.ts';
import type { FakeWorld } from './fakes/world.ts';
import { clusterOf, IMAGES } from './support/cluster.ts';
import { stackOf } from './support/stacks.ts';
import { errorsOf, worldWithRegistry } from './support/worlds.ts';

const WEB = 'version: "3.8"\nservices: { web: { image: nginx, deploy: { replicas: 2 }, environment: { A: "1" } } }\n';

/** A cluster with one stack, and other sections of its file. */
async function clusterWith(text: string, sections = '', more: Partial<StackSpec> = {}): Promise<Cluster> {
  const cluster = await clusterOf(
    `name: test\nprovider: { type: qemu }\nnodes: { managers: 1, workers: 1 }\n${sections}`,
  );
  return { ...cluster, stacks: [{ ...stackOf(text), name: 'shop', ...more }] };
}

function newWorld(): FakeWorld {
  const world = worldWithRegistry();
  world.swarm.registry = new Set([...IMAGES, 'nginx:2']);
  return world;
}

const web = ({ swarm }: FakeWorld) => swarm.services.find(({ Spec }) => Spec.Name === 'shop_web')!;
const changesOf = (result: RunResult) => result.units.flatMap(({ changes }) => changes.map(sentenceOf));
/** Somebody else's `docker service update`. */
function edit(world: FakeWorld, change: (spec: ServiceSpecification) => ServiceSpecification): void {
  const service = web(world);
  service.Spec = change(service.Spec);
  world.swarm.reconcile();
}
const scaledTo = (Replicas: number) => (spec: ServiceSpecification) => ({
  ...spec,
  Mode: { Replicated: { Replicas } },
});
const withImage = (Image: string) => (spec: ServiceSpecification) => ({
  ...spec,
  TaskTemplate: { ...spec.TaskTemplate, ContainerSpec: { ...spec.TaskTemplate.ContainerSpec, Image } },
});

describe('a stack', () => {
  it('that somebody scaled or edited is drift, which `up` puts right', async () => {
    const world = newWorld();
    const cluster = await clusterWith(WEB);
    expect(errorsOf(await world.run('up', cluster))).toEqual([]);
    expect((await world.run('up', cluster)).changed).toBe(0);
    edit(world, scaledTo(5));
    edit(world, withImage('nginx:2'));
    const plan = await world.run('up', cluster, { mode: 'plan' });
    expect(changesOf(plan)).toEqual([
      'stack shop, service web: image nginx:2 → nginx',
      'stack shop, service web: replicas 5 → 2',
    ]);
    expect(errorsOf(await world.run('up', cluster))).toEqual([]);
    expect(web(world).Spec.Mode.Replicated?.Replicas).toBe(2);
    expect(web(world).Spec.TaskTemplate.ContainerSpec.Image).toBe('nginx');
    expect((await world.run('up', cluster)).changed).toBe(0);
  });

  it('whose drift is ignored keeps its number of tasks, also when its file changes', async () => {
    const world = newWorld();
    await world.run('up', await clusterWith(WEB, '', { drift: 'ignore' }));
    edit(world, scaledTo(5));
    const same = await clusterWith(WEB, '', { drift: { web: 'ignore' } });
    expect(changesOf(await world.run('up', same, { mode: 'plan' }))).toEqual([]);
    const newer = await clusterWith(WEB.replace('"1"', '"2"'), '', { drift: { web: 'ignore' } });
    expect(changesOf(await world.run('up', newer))).toEqual([
      'stack shop: web',
      'stack shop, service web: environment A',
    ]);
    expect(web(world).Spec).toMatchObject({
      Mode: { Replicated: { Replicas: 5 } },
      TaskTemplate: { ContainerSpec: { Env: ['A=2'] } },
    });
    expect((await world.run('up', newer)).changed).toBe(0);
  });

  it('with a comment or another order in its file is unchanged', async () => {
    const world = newWorld();
    await world.run('up', await clusterWith(WEB));
    const text = `# a comment\n${WEB.replace('image: nginx, deploy: { replicas: 2 }', 'deploy: { replicas: 2 }, image: nginx')}`;
    expect((await world.run('up', await clusterWith(text))).changed).toBe(0);
  });
});

describe('a stack that docker refuses', () => {
  /** What docker prints at its first attempts. */
  async function refusedFor(times: number, words: string) {
    const world = newWorld();
    let deployments = 0;
    world.fault = (what) => {
      if (!what.includes('swarmup-stack') || deployments++ >= times) return;
      throw new SwarmupError('COMMAND_FAILED', "manager1: 'sh' ended with exit code 1", {
        fix: 'Correct it.',
        output: `Updating service shop_web (id: 1)\nfailed to update service shop_web: Error response from daemon: ${words}`,
        transient: isTransient(words),
      });
    };
    const result = await world.run('up', await clusterWith(WEB));
    return { errors: errorsOf(result), deployments };
  }

  it('is deployed again once its old network is gone', async () => {
    expect(await refusedFor(1, 'network shop_default not found')).toEqual({ errors: [], deployments: 2 });
  });

  it('is deployed again after a change in between', async () => {
    const words = 'rpc error: code = Unknown desc = update out of sequence';
    expect(await refusedFor(2, words)).toEqual({ errors: [], deployments: 3 });
  });

  it('for what its file says is an error at its line, and isn’t tried again', async () => {
    const words =
      "rpc error: code = InvalidArgument desc = port '80' is already in use by service 'x' (1a) as an ingress port";
    expect(await refusedFor(9, words)).toEqual({
      errors: ['deploy-stacks@shop: stack shop: s.yml:2:13: service shop_web: port 80 belongs to the service x'],
      deployments: 1,
    });
  });
});

const EXTERNALS = `version: "3.8"
services: { web: { image: nginx, networks: [proxy], secrets: [k], configs: [c] } }
networks: { proxy: { external: true } }
secrets: { k: { external: true, name: db-password } }
configs: { c: { external: true } }
`;

describe('external networks, secrets and configs of a stack', () => {
  it('are an error of the plan that names them all, while nobody has them', async () => {
    const plan = await newWorld().run('up', await clusterWith(EXTERNALS), { mode: 'plan' });
    expect(errorsOf(plan)).toEqual([
      'deploy-stacks@shop: stack shop needs what neither the cluster file nor the swarm has: external network proxy (s.yml:3:13), secret db-password (s.yml:4:12), config c (s.yml:5:12)',
    ]);
  });

  it('may be those of the cluster file, and new content of a secret reaches the stack', async () => {
    const world = newWorld();
    const sections = (value: string) =>
      `networks: { proxy: {} }\nsecrets: { db-password: { value: ${value} } }\nconfigs: { c: { value: x } }\n`;
    const cluster = await clusterWith(EXTERNALS, sections('one'));
    expect(errorsOf(await world.run('up', cluster, { mode: 'plan' }))).toEqual([]);
    expect(errorsOf(await world.run('up', cluster))).toEqual([]);
    const secretOf = () => JSON.stringify(web(world).Spec).match(/"SecretName":"(db-password-\w+)"/)?.[1];
    const first = secretOf();
    expect(first).toBe(cluster.objects.find(({ kind }) => kind === 'secret')?.fullName);
    expect((await world.run('up', cluster)).changed).toBe(0);
    const changed = await clusterWith(EXTERNALS, sections('two'));
    const result = await world.run('up', changed);
    expect(errorsOf(result)).toEqual([]);
    expect(secretOf()).not.toBe(first);
    expect(changesOf(result)).toContain(`secret ${first}`);
    expect((await world.run('up', changed)).changed).toBe(0);
  });

  it('may come from another stack', async () => {
    const world = newWorld();
    const taker = stackOf(`version: "3.8"
services: { web: { image: nginx, networks: [net] } }
networks: { net: { external: true, name: giver_default } }
`);
    const cluster = await clusterWith(WEB);
    const stacks = [
      { ...taker, name: 'taker' },
      { ...stackOf(WEB), name: 'giver' },
    ];
    expect(errorsOf(await world.run('up', { ...cluster, stacks }))).toEqual([]);
    expect(world.swarm.writes.filter((line) => line.startsWith('stack'))).toEqual([
      'stack deploy giver',
      'stack deploy taker',
    ]);
  });
});

describe('a stack without a version', () => {
  const text = WEB.replace('version: "3.8"\n', '');

  it('is refused by the plan where docker is too old', async () => {
    const world = newWorld();
    const cluster = await clusterWith(text);
    const old = { ...cluster, docker: { ...cluster.docker, version: '20.10.*' } };
    const words = [expect.stringContaining("docker 20.10 can't read a Compose file without a version")];
    expect(errorsOf(await world.run('up', old, { mode: 'plan' }))).toEqual(words);
    await world.run('up', await clusterWith(WEB));
    for (const engine of world.swarm.engines.values()) engine.version = '20.10.24+dfsg1';
    expect(errorsOf(await world.run('up', cluster, { selection: { only: ['deploy-stacks'] } }))).toEqual(words);
  });

  it('is deployed where docker is new enough', async () => {
    expect(errorsOf(await newWorld().run('up', await clusterWith(text)))).toEqual([]);
  });
});
