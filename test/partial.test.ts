import { describe, expect, it } from 'vitest';
import { pipelines } from '../Taskfile.ts';
import { SwarmupError } from '../lib/util/errors.ts';
import { FakeWorld } from './fakes/world.ts';
import { clusterOf, fullText, IMAGES } from './support/cluster.ts';
import { errorsOf, worldWithRegistry } from './support/worlds.ts';

const cluster = await clusterOf(fullText(3, 2));

/** The tasks that machines created by swarmup have a unit of, where no version is pinned, and without --pull. */
const ownSteps = pipelines.up.filter((id) => !['preflight', 'upgrade-docker', 'roll-images'].includes(id));

describe('a task run alone', () => {
  it.each(ownSteps)('%s changes nothing on a converged cluster', async (id) => {
    const world = worldWithRegistry();
    await world.run('up', cluster);
    const writes = world.swarm.writes.length;
    const result = await world.run('up', cluster, { selection: { only: [id] } });
    expect(errorsOf(result)).toEqual([]);
    expect(result.changed).toBe(0);
    expect(new Set(result.units.map((unit) => unit.task))).toEqual(new Set([id]));
    expect(world.swarm.writes).toHaveLength(writes);
  });

  it.each(ownSteps.filter((id) => id !== 'provision' && id !== 'prepare-provider'))(
    'fails without machines: %s',
    async (id) => {
      const world = worldWithRegistry();
      world.prepared = true;
      const result = await world.run('up', cluster, { selection: { only: [id] } });
      const [failed] = result.units.filter((unit) => unit.outcome === 'failed');
      expect(failed?.error).toMatchObject({
        code: 'PREREQUISITE_MISSING',
        message: expect.stringMatching(/needs provision on (manager|worker)\d, which is not in place: machine/),
        fix: "Run that step first ('swarmup up --to provision'), or everything: swarmup up",
      });
      expect(world.machines.size).toBe(0);
    },
  );

  it('names the earliest missing step, not the one just before', async () => {
    const world = worldWithRegistry();
    await world.run('up', cluster, { selection: { to: 'collect-token' } });
    const result = await world.run('up', cluster, { selection: { only: ['deploy-services'] } });
    expect(result.units[0]?.error?.message).toMatch(
      /^deploy-services on web needs join-managers on manager2, which is not in place: manager2 joins as manager$/,
    );
  });

  it('looks only at its direct needs when they are in place', async () => {
    const world = worldWithRegistry();
    await world.run('up', cluster);
    const hosts: string[] = [];
    world.fault = (what) => void hosts.push(what);
    await world.run('up', cluster, { selection: { only: ['join-workers'] } });
    expect(hosts.filter((what) => what.startsWith('create'))).toEqual([]);
  });

  it('continues without a step that is skipped on purpose', async () => {
    const world = worldWithRegistry();
    const result = await world.run('up', cluster, {
      selection: { skip: ['deploy-stacks', 'set-up-portainer', 'verify-http'] },
    });
    expect(errorsOf(result)).toEqual([]);
    expect(world.swarm.services.map((service) => service.Spec.Name)).toEqual(['web']);
  });

  it('on one node ignores the others', async () => {
    const world = worldWithRegistry();
    await world.run('up', cluster);
    world.swarm.engines.get('worker2')!.stopped = true;
    world.swarm.engines.get('worker1')!.stopped = true;
    const selection = { nodes: ['worker1'] };
    expect(errorsOf(await world.run('up', cluster, { selection }))).toEqual([]);
    expect(world.swarm.engines.get('worker1')?.stopped).toBe(false);
    expect(world.swarm.engines.get('worker2')?.stopped).toBe(true);
  });
});

describe('--keep-going', () => {
  const broken = () => {
    const world = worldWithRegistry();
    world.fault = (what) => {
      if (what === 'create worker2') throw new SwarmupError('MACHINE_FAILED', 'worker2 did not start', { fix: 'x' });
    };
    return world;
  };

  it('does everything that needs no failed node, and lists the rest', async () => {
    const world = broken();
    const result = await world.run('up', cluster, { keepGoing: true });
    expect(result.ok).toBe(false);
    expect(errorsOf(result)).toEqual(['provision@worker2: worker2 did not start']);
    expect(
      result.units.filter((unit) => unit.notDone).map((unit) => `${unit.task}@${unit.target}: ${unit.reason}`),
    ).toEqual([
      'preflight@worker2: needs provision@worker2, which failed',
      'install-docker@worker2: needs provision@worker2, which failed',
      'join-workers@worker2: needs install-docker@worker2, not done as provision@worker2 failed',
      'configure-nodes@worker2: needs join-workers@worker2, not done as provision@worker2 failed',
      'pull-images@worker2: needs install-docker@worker2, not done as provision@worker2 failed',
      'verify-http@worker2:80: needs configure-nodes@worker2, not done as provision@worker2 failed',
      'verify-http@worker2:9000: needs configure-nodes@worker2, not done as provision@worker2 failed',
    ]);
    expect(world.swarm.nodes).toHaveLength(4);
    expect(world.swarm.services.map((service) => service.Spec.Name)).toContain('web');

    world.fault = () => undefined;
    const again = await world.run('up', cluster);
    expect(errorsOf(again)).toEqual([]);
    expect(world.swarm.nodes).toHaveLength(5);
  });

  it('is off by default: after a failure nothing more is started', async () => {
    const world = broken();
    const result = await world.run('up', cluster);
    expect(world.swarm.services).toEqual([]);
    expect(result.units.filter((unit) => unit.task === 'deploy-services').map((unit) => unit.notDone)).toEqual([true]);
  });

  it('stops where all needs failed', async () => {
    const world = new FakeWorld();
    world.swarm.registry = new Set([...IMAGES].filter((image) => image !== 'nginx:latest'));
    const result = await world.run('up', cluster, { keepGoing: true });
    expect(result.units.find((unit) => unit.task === 'deploy-services')?.reason).toMatch(
      /needs pull-images@\w+, which failed/,
    );
    expect(world.swarm.services).toEqual([]);
  });
});

describe('transient errors', () => {
  const refuse = (times: number, words: string) => {
    const world = worldWithRegistry();
    let left = times;
    world.fault = (what) => {
      if (what !== 'engine worker1' || left-- <= 0) return;
      throw new SwarmupError('ENGINE_REFUSED', words, { fix: 'x', transient: true });
    };
    return world;
  };
  const retries = (world: FakeWorld) => world.events.filter((event) => event.type === 'unit-retrying');

  it('are tried again with back-off, and each retry is reported', async () => {
    // The preflight passes over the first one.
    const world = refuse(3, 'update out of sequence');
    const result = await world.run('up', cluster);
    expect(errorsOf(result)).toEqual([]);
    expect(result.units.find((unit) => unit.task === 'install-docker' && unit.target === 'worker1')?.retries).toEqual([
      'update out of sequence',
      'update out of sequence',
    ]);
    expect(retries(world).map(({ unit, attempt, of, delayMs }) => [unit.target, attempt, of, delayMs])).toEqual([
      ['worker1', 2, 4, 1000],
      ['worker1', 3, 4, 3000],
    ]);
  });

  it('are a failure when they persist', async () => {
    const world = refuse(100, 'update out of sequence');
    world.prepared = true;
    const selection = { only: ['provision', 'install-docker'], nodes: ['worker1'] };
    const result = await world.run('up', cluster, { selection });
    expect(errorsOf(result)).toEqual(['install-docker@worker1: update out of sequence']);
    expect(retries(world)).toHaveLength(3);
  });

  it('are the only errors that are tried again', async () => {
    const world = worldWithRegistry();
    let asked = 0;
    world.fault = (what) => {
      if (what !== 'create worker1') return;
      asked++;
      throw new SwarmupError('MACHINE_FAILED', 'no', { fix: 'x' });
    };
    await world.run('up', cluster);
    expect(asked).toBe(1);
  });
});
