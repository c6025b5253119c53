import { describe, expect, it } from 'vitest';
import { sentenceOf } from '../../lib/contracts/change-sentence.ts';
import type { Cluster } from '../../lib/config/model.ts';
import { imageAt, partOf } from '../../lib/config/portainer-images.ts';
import { Secret } from '../../lib/util/secret.ts';
import { additionalFiles } from '../../lib/swarm/stack-additions.ts';
import { dueOf } from '../../lib/swarm/stack-due.ts';
import type { FakeWorld } from '../fakes/world.ts';
import { clusterOf, fullText, IMAGES } from '../support/cluster.ts';
import { stackOf, summaryOf } from '../support/stacks.ts';
import { errorsOf, worldWithRegistry } from '../support/worlds.ts';

const STACK = `version: "3.8"
services:
  agent:
    image: portainer/agent:lts
    deploy: { mode: global }
  portainer:
    image: portainer/portainer-ce:lts # the server
    ports: ["9000:9000"]
    secrets: [portainer_admin_password]
    volumes: [portainer_data:/data]
    deploy: { placement: { constraints: [node.role == manager] } }
volumes: { portainer_data: }
secrets:
  portainer_admin_password: { external: true }
`;

const withStack = (cluster: Cluster, text: string, portainer: Partial<Cluster['portainer']> = {}): Cluster => ({
  ...cluster,
  ...(cluster.portainer ? { portainer: { ...cluster.portainer, ...portainer } } : {}),
  stacks: cluster.stacks.map((stack) => ({ ...stack, ...summaryOf(text) })),
});
const serverOf = ({ swarm }: FakeWorld) => swarm.services.find(({ Spec }) => Spec.Name === 'portainer_portainer')!;
const placeOf = (world: FakeWorld) => {
  const { ID } = serverOf(world);
  const { NodeID } = world.swarm.tasks.find(({ ServiceID }) => ServiceID === ID) ?? {};
  return world.swarm.nodes.find((node) => node.ID === NodeID)?.Description.Hostname;
};
const secretOf = (world: FakeWorld) =>
  world.swarm.services
    .filter(({ Spec }) => Spec.Name.startsWith('portainer_'))
    .map(({ Spec }) => Spec.TaskTemplate.ContainerSpec.Env?.find((line) => line.startsWith('AGENT_SECRET=')));

describe("Portainer's images", () => {
  it.each([
    ['portainer/portainer-ce:lts', 'server'],
    ['registry.example:5000/portainer/portainer-ee@sha256:ab', 'server'],
    ['portainer/agent', 'agent'],
    ['portainer/agentless', undefined],
    ['nginx', undefined],
  ])('include %s as: %s', (image, part) => {
    expect(partOf(image)).toBe(part);
  });

  it('all have the version in the cluster file, and other images are left alone', () => {
    const images = ['portainer/agent:lts', 'r.test:5000/portainer/portainer-ce@sha256:ab', 'nginx:1'];
    expect(images.map((image) => imageAt(image, '2.33.6'))).toEqual([
      'portainer/agent:2.33.6',
      'r.test:5000/portainer/portainer-ce:2.33.6',
      undefined,
    ]);
  });

  it('are changed to another version by the cluster file', async () => {
    const world = worldWithRegistry();
    const images = ['agent', 'portainer-ce'].map((name) => `portainer/${name}:2.33.6`);
    world.swarm.registry = new Set([...IMAGES, ...images]);
    const text = fullText(1, 1);
    await world.run('up', await clusterOf(text));
    const newer = await clusterOf(text.replace('portainer: {}', 'portainer: { version: 2.33.6 }'));
    const result = await world.run('up', newer);
    expect(errorsOf(result)).toEqual([]);
    expect(serverOf(world).Spec.TaskTemplate.ContainerSpec.Image).toBe('portainer/portainer-ce:2.33.6');
    expect((await world.run('up', newer)).changed).toBe(0);
    await expect(clusterOf(text.replace('portainer: {}', 'portainer: { version: "2 33" }'))).rejects.toThrow(
      /tag of an image/,
    );
  });
});

describe('Portainer', () => {
  it('is pinned to the node where it started, with its data, and shares a secret with its agents', async () => {
    const world = worldWithRegistry();
    const cluster = withStack(await clusterOf(fullText(3, 1)), STACK);
    expect(errorsOf(await world.run('up', cluster))).toEqual([]);
    const { ID, Spec } = serverOf(world);
    const task = world.swarm.tasks.find(({ ServiceID }) => ServiceID === ID);
    expect(Spec.Labels?.['swarmup.pinned']).toBe(task?.NodeID);
    expect(Spec.TaskTemplate.Placement?.Constraints).toEqual([`node.id == ${task?.NodeID}`, 'node.role == manager']);
    expect(secretOf(world)).toEqual(['AGENT_SECRET=generated-password', 'AGENT_SECRET=generated-password']);
    expect((await world.run('up', cluster)).changed).toBe(0);
    // From another computer, without local state: the secret in use is kept.
    world.passwords.delete('portainer-agent-secret');
    expect((await world.run('up', cluster, { selection: { only: ['deploy-stacks'] } })).changed).toBe(0);
  });

  it('waits for its node, and other services are not reported as broken', async () => {
    const world = worldWithRegistry();
    const cluster = withStack(await clusterOf(fullText(3, 1)), STACK);
    await world.run('up', cluster);
    const place = placeOf(world)!;
    const machine = world.machines.get(place)!;
    world.machines.set(place, { ...machine, state: 'stopped' });
    world.swarm.lose(place);
    const nodes = cluster.nodes.map(({ name }) => name).filter((name) => name !== place);
    const result = await world.run('outlive', cluster, { selection: { nodes } });
    expect(errorsOf(result)).toEqual([]);
    expect(result.warnings.join()).toContain('portainer_portainer is pinned to a node that is down');
    const asked = result.units.filter(({ target }) => target.endsWith(':9000'));
    expect(asked.map(({ outcome }) => outcome)).toEqual(asked.map(() => 'skipped'));
    expect(asked.length).toBeGreaterThan(1);
  });

  it('starts empty on another node when its node is gone for good', async () => {
    const world = worldWithRegistry();
    const cluster = withStack(await clusterOf(fullText(3, 1)), STACK);
    await world.run('up', cluster);
    const place = placeOf(world)!;
    const old = serverOf(world).Spec.Labels?.['swarmup.pinned'];
    world.machines.delete(place);
    world.swarm.lose(place);
    expect(errorsOf(await world.run('up', cluster))).toEqual([]);
    const pinned = serverOf(world).Spec.Labels?.['swarmup.pinned'];
    expect(pinned).not.toBe(old);
    expect(world.swarm.nodes.map(({ ID }) => ID)).toContain(pinned);
    expect((await world.run('up', cluster)).changed).toBe(0);
  });

  it('moves to the node in the cluster file', async () => {
    const world = worldWithRegistry();
    const cluster = await clusterOf(fullText(3, 1));
    await world.run('up', withStack(cluster, STACK, { node: 'manager2' }));
    expect(placeOf(world)).toBe('manager2');
    const moved = await world.run('up', withStack(cluster, STACK, { node: 'manager3' }));
    expect(placeOf(world)).toBe('manager3');
    expect(moved.warnings).toEqual([
      'Portainer moves from manager2 to manager3 and starts empty there: its data stays on manager2',
    ]);
    await expect(clusterOf(fullText(1, 1).replace('portainer: {}', 'portainer: { node: manger1 }'))).rejects.toThrow(
      /manager1/,
    );
  });

  it.each([
    [
      'a volume that a driver may have elsewhere',
      STACK.replace('portainer_data: }', 'portainer_data: { driver: nfs } }'),
    ],
    ['its own placement constraint', STACK.replace('node.role == manager', 'node.labels.portainer == yes')],
    ['no volume', STACK.replace('    volumes: [portainer_data:/data]\n', '')],
  ])('is not pinned with %s', async (_, text) => {
    const world = worldWithRegistry();
    await world.run('up', withStack(await clusterOf(fullText(3, 1)), text));
    expect(serverOf(world).Spec.Labels).not.toHaveProperty('swarmup.pinned');
  });

  it('keeps a secret in its Compose file', async () => {
    const world = worldWithRegistry();
    const text = STACK.replace('lts\n    deploy', 'lts\n    environment: { AGENT_SECRET: theirs }\n    deploy');
    const cluster = withStack(await clusterOf(fullText(1, 1)), text);
    await world.run('up', cluster);
    expect(secretOf(world)).toEqual(['AGENT_SECRET=theirs', undefined]);
    expect((await world.run('up', cluster)).changed).toBe(0);
  });

  it('replaces a generated administrator password with the one in the file', async () => {
    const world = worldWithRegistry();
    await world.run('up', await clusterOf(fullText(1, 1)));
    world.portainerPassword = 'generated-password';
    const given = fullText(1, 1).replace('portainer: {}', 'portainer: { adminPassword: of-the-cluster-file }');
    const result = await world.run('up', await clusterOf(given));
    expect(errorsOf(result)).toEqual([]);
    expect(result.units.flatMap(({ changes }) => changes.map(sentenceOf))).toEqual(["the administrator's password"]);
    expect(world.portainerPassword).toBe('of-the-cluster-file');
    const other = await world.run('up', await clusterOf(given.replace('of-the-cluster-file', 'and-another-one')));
    expect(errorsOf(other)).toEqual([expect.stringContaining('does not accept')]);
  });
});

interface Added {
  readonly environment?: Readonly<Record<string, string>>;
  readonly deploy: { readonly labels: Readonly<Record<string, string>> };
}

describe('swarmup’s additions to a stack', () => {
  const text = `x-env: &env { MINE: '1' }
x-deploy: &deploy { placement: { constraints: [node.role == manager], max_replicas_per_node: 1 } }
services:
  a: { image: x, environment: *env, deploy: { <<: *deploy, replicas: 1 } }
  b: { image: x, environment: [MINE=1] }
  c: { image: x }
`;
  const stack = stackOf(text);
  const additions = ['a', 'b'].map((service) => ({ service, node: 'n1', environment: { KEY: new Secret('k') } }));

  const objects = { secrets: new Map<string, string>(), configs: new Map<string, string>() };
  const files = (some: typeof additions) =>
    additionalFiles(stack, some, objects, { isRealFolder: true, sent: (path) => path });
  const added = (some: typeof additions) =>
    (JSON.parse(files(some).first.reveal()) as { services: Record<string, Added> }).services;

  it('are a separate file, which is never printed', () => {
    const { a, c } = added(additions);
    expect(a).toMatchObject({ environment: { KEY: 'k' }, deploy: { placement: { constraints: ['node.id == n1'] } } });
    expect(c).toEqual({ deploy: { labels: { 'swarmup.stack': expect.any(String) } } });
    expect(String(files(additions).first)).toBe('***');
    expect(files(additions).last).toBeUndefined();
  });

  it('make a service stale when they are missing or no longer wanted', () => {
    const deployed = (some: typeof additions) =>
      Object.entries(added(some)).map(([name, { environment = {}, deploy }]) => ({
        Spec: {
          Name: `s_${name}`,
          Labels: deploy.labels,
          TaskTemplate: {
            ContainerSpec: {
              Image: 'x',
              Env: Object.entries({ MINE: '1', ...environment }).map((pair) => pair.join('=')),
            },
          },
          Mode: {},
        },
      }));
    const stale = (services: ReturnType<typeof deployed>, wanted = additions) =>
      dueOf(stack, { services, additions: wanted, names: undefined }, objects).stale;
    expect(stale(deployed(additions))).toEqual([]);
    expect(stale(deployed(additions.slice(1)))).toEqual(['a']);
    expect(stale(deployed(additions), additions.slice(1))).toEqual(['a']);
    expect(stale(deployed(additions).slice(1))).toEqual(['a']);
    const moved = additions.map((one) => ({ ...one, node: 'n2' }));
    expect(stale(deployed(additions), moved)).toEqual(['a', 'b']);
  });
});
