import { describe, expect, it } from 'vitest';
import { sentenceOf } from '../../lib/contracts/change-sentence.ts';
import { requireMajorityDuring } from '../../lib/swarm/quorum.ts';
import type { FakeWorld } from '../fakes/world.ts';
import { clusterOf, fullText } from '../support/cluster.ts';
import { errorsOf, worldWithRegistry } from '../support/worlds.ts';

const pinned = (version: string) =>
  clusterOf(fullText(3, 2, `docker: { version: '${version}' }\n`).replace('replicas: 3', 'replicas: 10'));

async function oldCluster(): Promise<FakeWorld> {
  const world = worldWithRegistry();
  world.bare = true;
  expect(errorsOf(await world.run('up', await pinned('20.10')))).toEqual([]);
  expect([...world.swarm.engines.values()].every(({ version }) => version === '20.10.24+dfsg1')).toBe(true);
  world.swarm.writes.length = 0;
  return world;
}

/** The actions on nodes and engines, in order. */
const steps = (world: FakeWorld) => world.swarm.writes.filter((write) => /^node update|runs|^unlock/.test(write));

describe('an upgrade of Docker on active nodes', () => {
  it('handles one node at a time: drained, upgraded, activated; workers, managers, and the leader last', async () => {
    const world = await oldCluster();
    const cluster = await pinned('26.1');
    const plan = await world.run('up', cluster, { mode: 'plan' });
    const expected = ['worker1', 'worker2', 'manager2', 'manager3', 'manager1'];
    expect(plan.units.flatMap(({ changes }) => changes.map(sentenceOf))).toEqual(
      expected.map((name) => `${name}: Docker 20.10.24+dfsg1 → 26.1`),
    );
    const result = await world.run('up', cluster);
    expect(errorsOf(result)).toEqual([]);
    expect(steps(world)).toEqual(
      expected.flatMap((name) => [
        `node update ${name}`,
        `${name} runs 26.1.5+dfsg1`,
        ...(name.startsWith('manager') ? [`unlock ${name}`] : []),
        `node update ${name}`,
      ]),
    );
    expect(world.swarm.nodes.every(({ Spec }) => Spec.Availability === 'active')).toBe(true);
    expect(result.warnings.join()).toContain("'swarmup rebalance' spreads them evenly");
    expect((await world.run('up', cluster)).changed).toBe(0);
  });

  it('is refused before any node is touched when a package source lacks the version', async () => {
    const world = await oldCluster();
    const result = await world.run('up', await pinned('27'));
    expect(errorsOf(result)).toEqual([
      expect.stringMatching(/^upgrade-docker@cluster: .*its package sources have no docker\.io 27, only 26\.1\.5/),
    ]);
    expect(steps(world)).toEqual([]);
    expect(result.units.find(({ task }) => task === 'deploy-services')?.outcome).toBe('skipped');
  });

  it('stops at the first node that fails, and activates it again if possible', async () => {
    const world = await oldCluster();
    world.fault = (what) => {
      if (/^worker2: .*apt-get install(?!.*--download-only)/.test(what)) throw new Error('the disk is full');
    };
    const result = await world.run('up', await pinned('26.1'));
    expect(errorsOf(result)).toEqual([expect.stringContaining('the disk is full')]);
    const versions = [...world.swarm.engines.values()].map(({ name, version }) => `${name} ${version.slice(0, 2)}`);
    expect(versions.toSorted()).toEqual(['manager1 20', 'manager2 20', 'manager3 20', 'worker1 26', 'worker2 20']);
    expect(world.swarm.nodes.every(({ Spec }) => Spec.Availability === 'active')).toBe(true);
    world.fault = () => undefined;
    expect(errorsOf(await world.run('up', await pinned('26.1')))).toEqual([]);
  });

  it('reports a node that may still be drained, and the first error', async () => {
    const world = await oldCluster();
    let isBroken = false;
    world.fault = (what) => {
      if (/^worker1: .*apt-get install(?!.*--download-only)/.test(what)) {
        isBroken = true;
        throw new Error('the disk is full');
      }
      if (isBroken && /was asked to update worker1/.test(what)) throw new Error('the managers are busy');
    };
    const result = await world.run('up', await pinned('26.1'));
    expect(errorsOf(result)).toEqual([expect.stringContaining('the disk is full')]);
    expect(result.warnings.join()).toMatch(
      /worker1 may still be drained \(swarmup activate worker1\): .*the managers are busy/,
    );
  });

  it('leaves a drained node drained', async () => {
    const world = await oldCluster();
    const cluster = await pinned('26.1');
    const drained = { ...cluster, nodes: cluster.nodes.map((node) => ({ ...node, availability: 'drain' as const })) };
    const half = { ...cluster, nodes: [...drained.nodes.slice(0, 3), ...cluster.nodes.slice(3)] };
    expect(errorsOf(await world.run('up', half))).toEqual([]);
    expect(world.swarm.nodes.filter(({ Spec }) => Spec.Availability === 'drain')).toHaveLength(3);
  });

  it('is refused when it would cost the majority because managers are missing', async () => {
    const world = await oldCluster();
    const [first] = world.swarm.nodes;
    expect(() => requireMajorityDuring(world.swarm.nodes, first!)).not.toThrow();
    world.swarm.lose('manager3');
    expect(() => requireMajorityDuring(world.swarm.nodes, first!)).toThrow(
      'while manager1 restarts only 1 of 3 managers would be reachable, and 2 are needed for a majority',
    );
  });
});
