import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { deserialize, serialize } from 'node:v8';
import { afterAll, describe, expect, it } from 'vitest';
import type { Cluster } from '../lib/config/model.ts';
import { listRuns, readRun, runsFolder } from '../lib/record/store.ts';
import type { FakeWorld } from './fakes/world.ts';
import { clusterOf, fullText, loadCluster, STACK } from './support/cluster.ts';
import { ROOT } from './support/cli.ts';
import { runUp } from './support/rig.ts';
import { errorsOf, worldWithRegistry } from './support/worlds.ts';

/** Everything exists once, nothing twice, and nothing was created again. */
function expectWhole(world: FakeWorld, cluster: Cluster): void {
  const names = cluster.nodes.map((node) => node.name).toSorted();
  expect(world.swarm.nodes.map((node) => node.Description.Hostname).toSorted()).toEqual(names);
  expect([...world.machines.keys()].toSorted()).toEqual(names);
  const services = world.swarm.services.map((service) => service.Spec.Name).toSorted();
  expect(services).toEqual(['portainer_agent', 'portainer_portainer', 'web']);
  const once = world.swarm.writes.filter((write) =>
    /^(swarm (init|join)|(service|secret|config|network) create)/.test(write),
  );
  expect(once.toSorted()).toEqual([...new Set(once)].toSorted());
  expect(world.swarm.tasks.filter((task) => task.Status.State === 'running')).toHaveLength(3 + names.length + 1);
}

describe('a run that is cut off', () => {
  it('before or after any question or command is resumed by the next one, with nothing doubled', async () => {
    const cluster = await clusterOf(fullText(3, 2));
    let operations = Number.POSITIVE_INFINITY;
    for (let cut = 0; cut < operations; cut++) {
      const world = worldWithRegistry();
      world.bare = true;
      let count = 0;
      world.fault = () => {
        if (count++ >= cut) throw new Error('the process is gone');
      };
      const first = await world.run('up', cluster);
      if (count <= cut) operations = cut;
      else expect(first.ok).toBe(false);
      world.fault = () => undefined;
      expect(errorsOf(await world.run('up', cluster))).toEqual([]);
      expectWhole(world, cluster);
    }
    expect(operations).toBeGreaterThan(150);
  }, 120_000);
});

describe('a process that is killed', () => {
  const folder = mkdtempSync(join(tmpdir(), 'swarmup-killed-'));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  /** @returns the signal that ended it, or its exit status */
  function killedAfter(boundaries: number, place: string): Promise<string> {
    const script = join(ROOT, 'test/support/killed-run.ts');
    const argv = [script, join(place, 'swarmup.yaml'), join(place, 'world'), String(boundaries)];
    const child = spawn(process.execPath, argv, { stdio: ['ignore', 'ignore', 'pipe'] });
    let stderr = '';
    child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString()));
    return new Promise((resolve) => {
      child.on('close', (code, signal) => resolve(signal ?? (code === 0 ? 'done' : `status ${code}: ${stderr}`)));
    });
  }

  /** Kills one process, and runs the next. @returns how the first process ended */
  async function tryAt(boundaries: number): Promise<string> {
    const place = join(folder, String(boundaries));
    const world = worldWithRegistry();
    world.bare = true;
    writeInto(place, world);
    const end = await killedAfter(boundaries, place);
    if (end === 'done') return end;
    expect(end).toBe('SIGKILL');
    // The record ends at the kill, and is readable.
    const cluster = await loadCluster({ file: join(place, 'swarmup.yaml'), cwd: place, env: {} });
    const runs = runsFolder(cluster.stateDir);
    expect(await listRuns(runs)).toHaveLength(1);
    expect((await readRun(runs)).stages[0]?.end).toBeUndefined();
    // The dead run's locks, here and on the manager, delay nothing.
    world.restore(deserialize(readFileSync(join(place, 'world'))));
    expect(errorsOf(await runUp(cluster, world))).toEqual([]);
    expect(world.locks.size).toBe(0);
    expectWhole(world, cluster);
    expect(readdirSync(join(place, '.swarmup'))).toEqual(['test']);
    return end;
  }

  it('at any boundary of a unit is resumed by the next one', async () => {
    const ends: string[] = [];
    for (let next = 0; !ends.includes('done'); next += 4) {
      const batch = [next, next + 1, next + 2, next + 3];
      ends.push(...(await Promise.all(batch.map(tryAt))));
    }
    expect(ends.filter((end) => end === 'SIGKILL').length).toBeGreaterThan(60);
  }, 300_000);
});

function writeInto(place: string, world: FakeWorld): void {
  mkdirSync(place);
  writeFileSync(join(place, 'swarmup.yaml'), fullText(1, 1));
  writeFileSync(join(place, 'portainer.yml'), STACK);
  writeFileSync(join(place, 'world'), serialize(world.snapshot()));
}
