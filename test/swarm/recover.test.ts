import { describe, expect, it } from 'vitest';
import { sentenceOf } from '../../lib/contracts/change-sentence.ts';
import type { LocalSwarm } from '../../lib/swarm/local-state.ts';
import { planRecovery, type Found } from '../../lib/swarm/recovery.ts';
import type { FakeWorld } from '../fakes/world.ts';
import { clusterOf, fullText } from '../support/cluster.ts';
import { errorsOf, worldWithRegistry } from '../support/worlds.ts';

const FIVE = await clusterOf(fullText(5, 1));
const THREE = await clusterOf(fullText(3, 1));

/** Machines that lost power, and stay off. */
function cutOff(world: FakeWorld, ...names: string[]): void {
  for (const name of names) {
    const machine = world.machines.get(name);
    if (machine) world.machines.set(name, { ...machine, state: 'stopped' });
    world.swarm.lose(name);
  }
}

const managers = (world: FakeWorld) =>
  world.swarm.nodes.filter((node) => node.ManagerStatus).map(({ Description }) => Description.Hostname);

describe('a swarm whose majority of managers is lost', () => {
  it('is rebuilt from one surviving manager, and up recreates the others', async () => {
    const world = worldWithRegistry();
    await world.run('up', FIVE);
    const services = world.swarm.services.map(({ ID }) => ID);
    cutOff(world, 'manager1', 'manager2', 'manager3');
    world.swarm.writes.length = 0;
    const plan = await world.run('recover', FIVE, { mode: 'plan' });
    expect(plan.units.flatMap(({ changes }) => changes.map(sentenceOf))).toEqual([
      expect.stringMatching(/^machine manager1 \(stopped\), with all data on its disk/),
      expect.stringMatching(/^machine manager2/),
      expect.stringMatching(/^machine manager3/),
      'manager5 leaves the old swarm; what only it knew is lost',
      expect.stringMatching(/^a swarm of manager4 alone.*; 4 other managers are dropped$/),
    ]);
    expect(world.swarm.writes).toEqual([]);
    expect(errorsOf(await world.run('recover', FIVE))).toEqual([]);
    expect(world.swarm.writes.slice(0, 2)).toEqual(['swarm leave manager5', 'swarm init --force-new-cluster manager4']);
    expect(managers(world)).toEqual(['manager4']);
    expect(world.swarm.services.map(({ ID }) => ID)).toEqual(services);
    expect(errorsOf(await world.run('up', FIVE))).toEqual([]);
    expect(managers(world).toSorted()).toEqual(['manager1', 'manager2', 'manager3', 'manager4', 'manager5']);
    expect((await world.run('up', FIVE)).changed).toBe(0);
  });

  it('is left alone while a manager leads', async () => {
    const world = worldWithRegistry();
    await world.run('up', THREE);
    cutOff(world, 'manager3');
    const result = await world.run('recover', THREE);
    expect(result.units.map(({ outcome }) => outcome)).toEqual(['skipped']);
    expect(world.machines.has('manager3')).toBe(true);
  });

  it('is not recovered while managers are locked, or enough of them answer', async () => {
    const world = worldWithRegistry();
    await world.run('up', THREE);
    world.swarm.lose('manager2');
    world.swarm.lose('manager3');
    expect(errorsOf(await world.run('recover', THREE)).join()).toContain(
      'manager1, manager2, manager3 answer, a majority of 3',
    );
    world.swarm.engines.get('manager1')!.locked = true;
    cutOff(world, 'manager2', 'manager3');
    expect(errorsOf(await world.run('recover', THREE)).join()).toContain('manager1 is locked');
  });

  it('is an error with a fix when no manager is left at all', async () => {
    const world = worldWithRegistry();
    await world.run('up', THREE);
    cutOff(world, 'manager1', 'manager2', 'manager3');
    const [unit] = (await world.run('recover', THREE)).units;
    expect(unit?.error).toMatchObject({ code: 'CANNOT_RECOVER', fix: expect.stringContaining('swarmup restore') });
  });

  it('makes a manager that it left behind leave and join when its host comes back', async () => {
    const world = worldWithRegistry();
    await world.run('up', THREE);
    const left = world.swarm.nodes.findIndex(({ Description }) => Description.Hostname === 'manager2');
    const { ID } = world.swarm.nodes[left]!;
    // The host was unreachable, and its engine knows nothing of the recovery.
    world.swarm.nodes.splice(left, 1);
    world.swarm.labels = { ...world.swarm.labels, 'swarmup.lost': ID };
    world.swarm.engines.get('manager2')!.before = ID;
    const result = await world.run('up', THREE);
    expect(errorsOf(result)).toEqual([]);
    expect(result.units.flatMap(({ changes }) => changes.map(sentenceOf))).toEqual(
      expect.arrayContaining(['manager2 leaves the old swarm', 'manager2 joins as manager']),
    );
    expect(managers(world)).toHaveLength(3);
  });

  it('is not taken for another swarm by up when its first manager restarted', async () => {
    const world = worldWithRegistry();
    await world.run('up', THREE);
    for (const name of ['manager2', 'manager3']) world.swarm.lose(name);
    world.swarm.engines.get('manager1')!.restarted = true;
    for (const name of ['manager2', 'manager3']) world.swarm.engines.get(name)!.stopped = true;
    const result = await world.run('up', THREE, { mode: 'plan' });
    expect(result.units.find(({ error }) => error)?.error).toMatchObject({
      code: 'SWARM_NO_QUORUM',
      message: expect.stringContaining('only manager1 can be reached'),
    });
  });

  it('joins other nodes although one that is locked has a damaged certificate', async () => {
    const world = worldWithRegistry();
    await world.run('up', THREE);
    world.swarm.labels = { ...world.swarm.labels, 'swarmup.lost': 'x' };
    world.swarm.engines.get('manager3')!.locked = true;
    world.certificates.set('manager3', 'damaged');
    const result = await world.run('up', THREE, {
      selection: { only: ['join-managers', 'join-workers'] },
      keepGoing: true,
    });
    expect(errorsOf(result)).toEqual([expect.stringMatching(/^join-managers@manager3: .* unlock manager3$/)]);
  });
});

describe('a node that is not a manager in the file', () => {
  /** A node whose engine is a manager without a leader, or claims to be. */
  const knowing = (name: string, managerAddresses: readonly string[]): Found => ({
    name,
    machine: { name, state: 'running', address: name, ssh: {} } as unknown as Found['machine'],
    swarm: { state: 'active', isManager: true, managerAddresses, nodeId: name, error: '' } as unknown as LocalSwarm,
  });
  const gone = { name: 'm1', machine: undefined };

  it('is never rebuilt from, whatever it claims', () => {
    const impostor = knowing('w1', ['w1:2377']);
    expect(() => planRecovery([gone, impostor], ['m1'], undefined)).toThrow(
      /no node that answers has a manager's state of the swarm/,
    );
    const { keeper, leaving } = planRecovery(
      [knowing('m1', ['m1:2377', 'm2:2377', 'm3:2377']), impostor],
      ['m1', 'm2', 'm3'],
      undefined,
    );
    expect([keeper.name, leaving]).toEqual(['m1', []]);
  });

  it('is a manager when a manager from the file names it', () => {
    const found = [knowing('m1', ['m1:2377', 'w1:2377', 'm3:2377', 'm4:2377']), knowing('w1', [])];
    expect(planRecovery(found, ['m1', 'm3', 'm4'], undefined).leaving.map(({ name }) => name)).toEqual(['w1']);
  });
});
