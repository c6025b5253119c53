import { describe, expect, it } from 'vitest';
import type { FakeWorld } from './fakes/world.ts';
import { clusterOf, fullText } from './support/cluster.ts';
import { sentenceOf } from '../lib/contracts/change-sentence.ts';
import { errorsOf, worldWithRegistry } from './support/worlds.ts';

const members = (world: FakeWorld) =>
  world.swarm.nodes
    .map(({ Description, Spec, Status }) => `${Description.Hostname} ${Spec.Role} ${Status.State}`)
    .toSorted();
const ALL = ['manager1 manager ready', 'manager2 manager ready', 'manager3 manager ready', 'worker1 worker ready'];

/** Loses a machine from one moment to the next, with its disk. */
function terminate(world: FakeWorld, name: string): void {
  world.machines.delete(name);
  world.swarm.remove(name);
  world.swarm.lose(name);
}

describe('a lost machine', () => {
  it.each(['worker1', 'manager2', 'manager1'])(
    'is recreated, and the dead node %s is removed from the swarm',
    async (name) => {
      const world = worldWithRegistry();
      const cluster = await clusterOf(fullText(3, 1));
      await world.run('up', cluster);
      const old = world.swarm.nodes.find((node) => node.Description.Hostname === name)?.ID;
      terminate(world, name);
      const plan = await world.run('up', cluster, { mode: 'plan' });
      expect(plan.units.flatMap((unit) => unit.changes.map(sentenceOf))).toContain(`machine ${name}`);
      const result = await world.run('up', cluster);
      expect(errorsOf(result)).toEqual([]);
      const joined = result.units.find((unit) => /^(join|init)-/.test(unit.task) && unit.target === name);
      expect(joined?.changes.map(sentenceOf)).toEqual([
        `dead node ${name} (${old}), replaced by another machine`,
        `${name} joins as ${name.startsWith('manager') ? 'manager' : 'worker'}`,
      ]);
      expect(members(world)).toEqual(ALL);
      expect((await world.run('up', cluster)).changed).toBe(0);
    },
  );

  it('has its dead node removed by the next run, if the first was cut off in between', async () => {
    const world = worldWithRegistry();
    const cluster = await clusterOf(fullText(3, 1));
    await world.run('up', cluster);
    const i = world.swarm.nodes.findIndex((node) => node.Description.Hostname === 'worker1');
    const ghost = world.swarm.nodes[i]!;
    world.swarm.nodes.push({ ...ghost, ID: 'node-ghost', Status: { ...ghost.Status, State: 'down' } });
    const result = await world.run('up', cluster);
    expect(errorsOf(result)).toEqual([]);
    expect(members(world)).toEqual(ALL);
  });

  it('is not recreated as first manager in a swarm without the mark of this cluster', async () => {
    const world = worldWithRegistry();
    const cluster = await clusterOf(fullText(3, 1));
    await world.run('up', cluster);
    terminate(world, 'manager1');
    world.swarm.nodes.forEach((node, i) => (world.swarm.nodes[i] = { ...node, Spec: { ...node.Spec, Labels: {} } }));
    const result = await world.run('up', cluster);
    expect(result.units.find((unit) => unit.task === 'init-manager')?.error?.code).toBe('SWARM_ELSEWHERE');
  });

  it('is replaced only after the managers have noticed its loss', async () => {
    const world = worldWithRegistry();
    const cluster = await clusterOf(fullText(3, 1));
    await world.run('up', cluster);
    world.machines.delete('worker1');
    world.swarm.remove('worker1');
    let asked = 0;
    world.fault = (what) => {
      // The node still counts as ready when the new machine exists.
      if (what.includes('list the nodes') && ++asked === 8) world.swarm.lose('worker1');
    };
    const result = await world.run('up', cluster);
    expect(errorsOf(result)).toEqual([]);
    expect(asked).toBeGreaterThan(7);
    expect(members(world)).toEqual(ALL);
  });

  it("leaves a node alone that isn't part of this cluster", async () => {
    const world = worldWithRegistry();
    const cluster = await clusterOf(fullText(3, 1));
    await world.run('up', cluster);
    const stranger = world.swarm.nodes.find((node) => node.Description.Hostname === 'worker1')!;
    world.swarm.nodes.push({
      ...stranger,
      ID: 'node-stranger',
      Spec: { ...stranger.Spec, Labels: {} },
      Status: { ...stranger.Status, State: 'down' },
    });
    const second = await world.run('up', cluster);
    // A foreign node has joined with a leaked token.
    expect(second.units.filter(({ outcome }) => outcome === 'changed').map(({ task }) => task)).toEqual([
      'rotate-tokens',
    ]);
    expect(world.swarm.nodes.some((node) => node.ID === 'node-stranger')).toBe(true);
  });
});

describe('replacing a node', () => {
  it.each(['worker1', 'manager3', 'manager1'])(
    'removes %s and its machine, and a new one joins under its name',
    async (name) => {
      const world = worldWithRegistry();
      const cluster = await clusterOf(fullText(3, 1));
      await world.run('up', cluster);
      const id = () => world.swarm.nodes.find((node) => node.Description.Hostname === name)?.ID;
      const old = id();
      const result = await world.run('replace', cluster, { selection: { nodes: [name] } });
      expect(errorsOf(result)).toEqual([]);
      expect(members(world)).toEqual(ALL);
      expect(id()).not.toBe(old);
      expect((await world.run('up', cluster)).changed).toBe(0);
    },
  );

  it.each([
    [1, [], 'manager1', 'manager1 is the last manager'],
    [
      3,
      ['manager3'],
      'manager2',
      'without manager2 only 1 of 2 managers would be reachable, and 2 are needed for a majority',
    ],
  ])(
    'is refused when it would cost the majority: %i managers without %j, replacing %s',
    async (managers, away, name, why) => {
      const world = worldWithRegistry();
      const cluster = await clusterOf(fullText(managers, 1));
      await world.run('up', cluster);
      for (const one of away) world.swarm.lose(one);
      const writes = world.swarm.writes.length;
      const result = await world.run('replace', cluster, { selection: { nodes: [name] } });
      expect(errorsOf(result)).toEqual([`retire-node@${name}: ${why}`]);
      expect(result.units.find(({ error }) => error)?.error?.code).toBe('QUORUM_AT_RISK');
      expect(world.swarm.writes).toHaveLength(writes);
    },
  );

  it.each([
    [
      'no machine of the cluster exists',
      (world: FakeWorld) => [...world.machines.keys()].forEach((name) => terminate(world, name)),
    ],
    ['the only manager is gone', (world: FakeWorld) => terminate(world, 'manager1')],
    [
      'the only manager is powered off',
      (world: FakeWorld) => {
        world.machines.set('manager1', { ...world.machines.get('manager1')!, state: 'stopped' });
        world.swarm.lose('manager1');
      },
    ],
  ])('is refused when %s: no machine is removed or created, and no second swarm either', async (_, lose) => {
    const cluster = await clusterOf(fullText(1, 2));
    for (const name of ['worker1', 'manager1']) {
      const world = worldWithRegistry();
      await world.run('up', cluster);
      lose(world);
      const before = [[...world.machines], [...world.swarm.writes]];
      const result = await world.run('replace', cluster, { selection: { nodes: [name] } });
      expect(result.units.flatMap(({ error }) => (error ? [error.code] : []))).toEqual(['SWARM_NO_MANAGER']);
      expect([[...world.machines], world.swarm.writes]).toEqual(before);
    }
  });

  it('is only suggested by up when the provider reports that a machine differs', async () => {
    const world = worldWithRegistry();
    const cluster = await clusterOf(fullText(3, 1));
    await world.run('up', cluster);
    world.differing.add('worker1');
    const plan = await world.run('up', cluster, { mode: 'plan' });
    const planned = plan.units.flatMap((unit) => unit.changes);
    expect(planned).toMatchObject([{ replace: true }]);
    expect(planned.map(sentenceOf)).toEqual(['machine worker1: small → large']);
    const result = await world.run('up', cluster);
    expect(result.changed).toBe(0);
    expect(result.warnings).toEqual([
      "differs from the cluster file: machine worker1: small → large; 'swarmup replace worker1' recreates it",
    ]);
    expect(errorsOf(await world.run('replace', cluster, { selection: { nodes: ['worker1'] } }))).toEqual([]);
    expect((await world.run('up', cluster, { mode: 'plan' })).units.flatMap((unit) => unit.changes)).toEqual([]);
  });
});
