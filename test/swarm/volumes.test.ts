import { describe, expect, it } from 'vitest';
import { sentenceOf } from '../../lib/contracts/change-sentence.ts';
import type { Mount, SwarmTask } from '../../lib/contracts/swarm-types.ts';
import { localVolumes, lostWithIt } from '../../lib/swarm/volumes.ts';
import { clusterOf } from '../support/cluster.ts';
import { errorsOf, worldWithRegistry } from '../support/worlds.ts';

const task = (service: string, ...mounts: Mount[]): SwarmTask => ({
  ID: `${service} ${mounts.length}`,
  Version: { Index: 1 },
  CreatedAt: '2026-01-01T00:00:00Z',
  ServiceID: service,
  DesiredState: 'shutdown',
  Spec: { ContainerSpec: { Image: 'db', Mounts: mounts } },
  Status: { State: 'complete' },
});
const volume = (name: string, rest: Partial<Mount> = {}): Mount => ({
  Type: 'volume',
  Source: name,
  Target: `/${name}`,
  ...rest,
});
const services = new Map([['s1', 'db']]);

describe('the volumes lost with a node', () => {
  it('are the named volumes on its disk, each once, of existing services', () => {
    const tasks = [task('s1', volume('data')), task('s1', volume('data'), volume('log')), task('gone', volume('old'))];
    const found = localVolumes(tasks, services);
    expect(found).toEqual([
      { name: 'data', service: 'db' },
      { name: 'log', service: 'db' },
    ]);
    expect(lostWithIt(found)).toBe('lost with its disk: volumes data (of db), log (of db)');
    expect(lostWithIt(found.slice(1))).toBe('lost with its disk: volume log (of db)');
    expect(lostWithIt([])).toBeUndefined();
  });

  it('include neither folders of the node nor volumes that a driver may have elsewhere', () => {
    const elsewhere = [
      volume('nfs', { VolumeOptions: { DriverConfig: { Name: 'local', Options: { type: 'nfs' } } } }),
      volume('ceph', { VolumeOptions: { DriverConfig: { Name: 'rexray' } } }),
      { Type: 'bind', Source: '/srv', Target: '/srv' },
      { Type: 'tmpfs', Target: '/scratch' },
      { Type: 'volume', Target: '/nameless' },
    ];
    expect(localVolumes([task('s1', ...elsewhere)], services)).toEqual([]);
    const plain = volume('data', { VolumeOptions: { DriverConfig: { Name: 'local', Options: null } } });
    expect(localVolumes([task('s1', plain)], services)).toHaveLength(1);
  });

  it('are named before a node is recreated', async () => {
    const world = worldWithRegistry();
    const cluster = await clusterOf(
      `name: test
provider: { type: qemu }
nodes: { managers: 1, workers: 1 }
services:
  db: { image: nginx, mode: global, mounts: [{ type: volume, source: data, target: /data }] }
`,
    );
    expect(errorsOf(await world.run('up', cluster))).toEqual([]);
    const plan = await world.run('replace', cluster, { mode: 'plan', selection: { nodes: ['worker1'] } });
    expect(plan.units.flatMap(({ changes }) => changes.map(sentenceOf))).toContain(
      'node worker1 and its machine, with all data on its disk; lost with its disk: volume data (of db)',
    );
    world.machines.delete('worker1');
    const again = await world.run('up', cluster, { mode: 'plan' });
    expect(again.units.flatMap(({ changes }) => changes.map(sentenceOf))).toContain(
      'machine worker1; lost with its disk: volume data (of db)',
    );
  });
});
