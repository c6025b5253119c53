import { existsSync, mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Writable } from 'node:stream';
import { generateX25519Identity, identityToRecipient } from 'age-encryption';
import { describe, expect, it } from 'vitest';
import { differencesFrom } from '../../lib/backup/manifest.ts';
import type { Manifest } from '../../lib/contracts/backup-request.ts';
import { readBackup } from '../../lib/backup/read.ts';
import type { RunCluster } from '../../lib/contracts/run-cluster.ts';
import { Secret } from '../../lib/util/secret.ts';
import { clusterOf, fullText } from '../support/cluster.ts';
import { errorsOf, worldWithRegistry } from '../support/worlds.ts';

// A passphrase would cost seconds per test.
const identity = await generateX25519Identity();
const lock = { recipients: [await identityToRecipient(identity)] };
const key = { identities: [new Secret(identity)] };

async function backedUp(managers: number) {
  const world = worldWithRegistry();
  const cluster = await clusterOf(fullText(managers, 1));
  await world.run('up', cluster);
  world.swarm.writes.length = 0;
  const file = join(mkdtempSync(join(tmpdir(), 'swarmup-backup-')), 'cluster.age');
  const request = { backup: { file, lock, volumes: [] } };
  return { world, cluster, file, run: () => world.run('backup', { ...cluster, request }) };
}

describe('a back-up', () => {
  it('is taken from a manager that is not the leader, which is drained first and reactivated afterwards', async () => {
    const { world, file, run } = await backedUp(3);
    expect(errorsOf(await run())).toEqual([]);
    expect(world.swarm.writes).toEqual([
      'node update manager2',
      'manager2 stopped',
      'node update manager2',
      'manager2 copy removed',
    ]);
    expect(world.swarm.nodes.every(({ Spec }) => Spec.Availability === 'active')).toBe(true);
    let log = '';
    const manifest = await readBackup(
      file,
      key,
      () => new Writable({ write: (chunk: Buffer, _encoding, done) => ((log += chunk.toString()), done()) }),
    );
    expect(log).toBe('the Raft log of manager2');
    expect(manifest).toMatchObject({
      cluster: 'test',
      swarmId: world.swarm.clusterId,
      unlockKey: world.swarm.unlockKey,
      manager: { name: 'manager2' },
    });
    const names = manifest.objects.map(({ kind, name }) => `${kind} ${name}`);
    expect(names).toEqual(expect.arrayContaining(['service web', 'network backend', 'node worker1']));
    expect(names).toContainEqual(expect.stringMatching(/^secret key-/));
  });

  it('warns that the engine stops when there is only one manager', async () => {
    const { run } = await backedUp(1);
    const result = await run();
    expect(errorsOf(result)).toEqual([]);
    expect(result.warnings.join()).toContain('manager1 is the only manager');
  });

  it('is refused where it would cost the majority', async () => {
    const { world, file, run } = await backedUp(3);
    world.swarm.lose('manager3');
    expect(errorsOf(await run()).join()).toContain('2 are needed for a majority');
    expect(world.swarm.writes).toEqual(['manager2 copy removed']);
    expect(existsSync(file)).toBe(false);
  });
});

describe('a restore', () => {
  async function restoring(change: (manifest: Manifest) => Manifest = (manifest) => manifest) {
    const { world, cluster, file, run } = await backedUp(3);
    await run();
    const manifest = change(await readBackup(file, key));
    const restored: RunCluster = { ...cluster, request: { restore: { file, key, manifest } } };
    return { world, cluster, restored };
  }

  it('fails when the restored swarm is not the one in the back-up', async () => {
    const { restored } = await restoring();
    const world = worldWithRegistry();
    await world.run('up', restored, { selection: { only: ['provision', 'install-docker'] } });
    const result = await world.run('restore', restored);
    const [error] = result.units.flatMap((unit) => unit.error ?? []);
    expect(error).toMatchObject({ code: 'RESTORE_DIFFERS', output: expect.stringContaining('service web (') });
  });

  it('is refused on machines that are in a swarm', async () => {
    const { cluster, restored } = await restoring((manifest) => ({ ...manifest, swarmId: 'of-another' }));
    const world = worldWithRegistry();
    await world.run('up', cluster);
    expect(errorsOf(await world.run('restore', restored)).join()).toContain('belong to a swarm');
  });

  it('is refused in the swarm of the back-up once that has changed, and has nothing to do before', async () => {
    const { world, restored } = await restoring();
    const same = await world.run('restore', restored);
    expect(errorsOf(same)).toEqual([]);
    expect(same.units.flatMap(({ changes }) => changes)).toEqual([]);
    const service = world.swarm.services.find(({ Spec }) => Spec.Name === 'web')!;
    Object.assign(service.Spec, { Labels: { ...service.Spec.Labels, by: 'hand' } });
    expect(errorsOf(await world.run('restore', restored)).join()).toContain('belong to a swarm');
  });

  it('is refused where the manager has another address', async () => {
    const { restored } = await restoring((manifest) => ({
      ...manifest,
      manager: { ...manifest.manager, address: '10.9.9.9' },
    }));
    const result = await worldWithRegistry().run('restore', restored);
    expect(errorsOf(result).join()).toMatch(/manager2 has the address .*, but in the back-up it has 10\.9\.9\.9/);
  });

  it('compares objects one by one, by id and by content', () => {
    const kept = [
      { kind: 'service', id: 's1', name: 'web', spec: { Name: 'web', Mode: {} } },
      { kind: 'secret', id: 'x1', name: 'key', spec: { Name: 'key' } },
      { kind: 'node', id: 'n1', name: 'w1', spec: {} },
    ];
    expect(differencesFrom(kept, kept.slice(0, 2))).toEqual([]);
    expect(differencesFrom(kept, [{ ...kept[0]!, spec: { Name: 'web', Mode: { Global: 1 } } }])).toEqual([
      'service web differs from the back-up',
      'secret key (x1) is missing',
    ]);
  });
});
