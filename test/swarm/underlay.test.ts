import { describe, expect, it } from 'vitest';
import { sentenceOf } from '../../lib/contracts/change-sentence.ts';
import { findingsOf } from '../../lib/preflight/survey.ts';
import type { FakeWorld } from '../fakes/world.ts';
import { clusterOf, fullText } from '../support/cluster.ts';
import { errorsOf, worldWithRegistry } from '../support/worlds.ts';
import { goodFacts, surveyOf } from '../preflight/host.ts';

const OPTION = 'com.docker.network.driver.mtu';

describe('a new overlay network', () => {
  it('has the MTU of the narrowest link between the nodes, which is shown and then left alone', async () => {
    const world = worldWithRegistry();
    expect(errorsOf(await world.run('up', await clusterOf(fullText(1, 2))))).toEqual([]);
    world.mtus.set('worker1', 1420).set('worker2', 1400);
    const more = await clusterOf(fullText(1, 2).replace('{ backend: {} }', '{ backend: {}, front: {} }'));
    const plan = await world.run('up', more, { mode: 'plan' });
    expect(plan.units.flatMap(({ changes }) => changes.map(sentenceOf))).toEqual([
      'network front, MTU 1400; eth1 of worker2 takes no larger packets',
    ]);
    expect(errorsOf(await world.run('up', more))).toEqual([]);
    const options = world.swarm.objects.all
      .filter(({ kind }) => kind === 'network')
      .map(({ name, body }) => [name, JSON.parse(JSON.stringify(body)).Options]);
    expect(Object.fromEntries(options)).toMatchObject({ backend: {}, front: { [OPTION]: '1400' } });
    expect((await world.run('up', more)).changed).toBe(0);
  });

  it('keeps the default MTU of the driver on links with large packets', async () => {
    const world = worldWithRegistry();
    world.mtus.set('manager1', 9001);
    expect(errorsOf(await world.run('up', await clusterOf(fullText(1, 0))))).toEqual([]);
    expect(JSON.stringify(world.swarm.objects.all)).not.toContain(OPTION);
  });
});

describe('an ingress network in the cluster file', () => {
  const file = (services: string) => `name: test
provider: { type: qemu }
nodes: { managers: 1, workers: 1 }
networks: { ingress: { ingress: true, mtu: 1400 } }
${services}`;

  /** A swarm with the ingress network that engines make. */
  async function withIngress(services = ''): Promise<FakeWorld> {
    const world = worldWithRegistry();
    const text = file(services).replace(/^networks.*$/m, '');
    expect(errorsOf(await world.run('up', await clusterOf(text)))).toEqual([]);
    await world.swarm.docker('manager1').createNetwork({ Name: 'ingress', Driver: 'overlay', Ingress: true });
    return world;
  }

  it("replaces the engine's own one, before any service uses it", async () => {
    const world = await withIngress();
    const wanted = await clusterOf(file(''));
    const plan = await world.run('up', wanted, { mode: 'plan' });
    expect(plan.units.flatMap(({ changes }) => changes.map(sentenceOf))).toEqual([
      'network ingress; the cluster file has its own ingress network',
      'network ingress',
    ]);
    expect(errorsOf(await world.run('up', wanted))).toEqual([]);
    const networks = world.swarm.objects.all.filter(({ kind }) => kind === 'network');
    expect(networks.map(({ name, body }) => [name, JSON.parse(JSON.stringify(body)).Options])).toEqual([
      ['ingress', { [OPTION]: '1400' }],
    ]);
    expect((await world.run('up', wanted)).changed).toBe(0);
  });

  it('leaves it while services publish ports through it, and names them', async () => {
    const services = "services: { web: { image: nginx, ports: ['80:80'] } }\n";
    const world = await withIngress(services);
    expect(errorsOf(await world.run('up', await clusterOf(file(services))))).toEqual([
      "create-networks@ingress: the network ingress can't be replaced while services publish ports through it: web",
    ]);
    expect(world.swarm.writes).not.toContain('network remove ingress');
  });
});

describe('a link with an MTU below 1500', () => {
  it('is a warning about the ingress network, with the commands that recreate it', async () => {
    const found = findingsOf(
      await surveyOf((facts) => (facts[1] = { ...goodFacts(2), mtus: new Map([['eth0', 1420]]) })),
    );
    expect(found).toEqual([
      expect.objectContaining({
        node: 'w2',
        check: 'path-mtu',
        severity: 'warning',
        message: expect.stringContaining('its eth0 takes packets of up to 1420 bytes'),
        fix: expect.stringContaining('networks: { ingress: { ingress: true, mtu: 1420 } }'),
      }),
    ]);
  });
});
