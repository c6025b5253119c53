import { join } from 'node:path';
import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { describe, expect, it } from 'vitest';
import { within } from '../../lib/diagnose/bounds.ts';
import { SwarmupError } from '../../lib/util/errors.ts';
import { loadCluster } from '../support/cluster.ts';
import { worldWithRegistry } from '../support/worlds.ts';
import { answeringHost, diagnose } from './rig.ts';

const TEXT = 'name: broken\nprovider: { type: qemu }\nnodes: { managers: 3, workers: 1 }\n';

async function brokenWorld() {
  const folder = mkdtempSync(join(tmpdir(), 'swarmup-broken-'));
  writeFileSync(join(folder, 'swarmup.yaml'), TEXT);
  const cluster = await loadCluster({ file: 'swarmup.yaml', cwd: folder, env: {} });
  const world = worldWithRegistry();
  return { world, cluster, made: { cluster, file: join(folder, 'swarmup.yaml') } };
}

describe('what a diagnosis lists as missing', () => {
  it('has everything of a cluster without machines, each cause once', async () => {
    const { world, made } = await brokenWorld();
    const { files, missing } = await diagnose(world, made);
    expect(missing).toContain('the last run: no run has left a record\n');
    expect(missing).toContain(
      'the machine manager2 (versions, docker info, log of the engine): manager2 has no machine',
    );
    expect(missing).toContain('the swarm (nodes, services, tasks, networks): ');
    expect([...files.keys()]).toEqual(expect.arrayContaining(['cluster-file.json', 'preflight.json', 'status.json']));
  });

  it('has a swarm without a quorum, and the machines that do not answer', async () => {
    const { world, cluster, made } = await brokenWorld();
    await world.run('up', cluster);
    for (const name of ['manager2', 'manager3']) world.swarm.engines.get(name)!.stopped = true;
    const base = world.context(cluster);
    const host = async (name: string) => {
      if (name !== 'manager2') return answeringHost(name, (command) => (command.includes('uname') ? 'Linux' : ''));
      throw new SwarmupError('SSH_UNREACHABLE', 'manager2: no SSH connection', { fix: 'x' });
    };
    const manager = async () => {
      throw new SwarmupError('SWARM_NO_QUORUM', 'the swarm has no leader: of 3 managers only manager1', { fix: 'x' });
    };
    const engine = async (name: string) =>
      name === 'manager1' ? base.remote.engine(name, AbortSignal.abort()) : manager();
    const { files, missing } = await diagnose(world, made, { context: { remote: { ...base.remote, host, engine } } });
    expect(missing).toContain(
      'the machine manager2 (versions, docker info, log of the engine): manager2: no SSH connection',
    );
    expect(files.get('nodes/manager1/versions.txt')).toBe('Linux\n');
    expect(files.get('preflight.json')).toContain('manager2');
    expect([...files.keys()].some((name) => name.startsWith('nodes/manager2'))).toBe(false);
  });

  it('has a damaged record', async () => {
    const { world, cluster, made } = await brokenWorld();
    const run = join(cluster.stateDir, 'runs', '2026-01-01T10-00-00Z');
    mkdirSync(run, { recursive: true });
    writeFileSync(join(run, 'run.json'), '{"command": "up');
    expect((await diagnose(world, made)).missing).toMatch(/the last run: .*run\.json can't be read/);
  });

  it('survives hosts that answer anything', async () => {
    const { world, cluster, made } = await brokenWorld();
    await world.run('up', cluster);
    const answers = [
      '\u001B]0;x\u0007\u202E'.repeat(200),
      '[[[[',
      '{"Swarm":{"Cluster":[]},"Warnings":"x"}',
      'y '.repeat(300_000),
    ];
    const answer = (command: string, name: string) =>
      command.includes('date') ? '1' : (answers[name.charCodeAt(name.length - 1) % answers.length] ?? '');
    const { files } = await diagnose(world, made, { answer });
    const all = [...files.values()].join('\n');
    // oxlint-disable-next-line no-control-regex -- none of these may be left
    expect(all).not.toMatch(/[\u0000-\u0008\u000B-\u001F\u007F-\u009F\u202E]/);
    expect(all.length).toBeLessThan(2_000_000);
    expect(files.has('nodes/manager1/docker-info.json')).toBe(true);
  });

  it('ends only with an interrupt', async () => {
    const { world, made } = await brokenWorld();
    const inSession = async () => {
      throw new SwarmupError('INTERRUPTED', 'stopped', { fix: 'x' });
    };
    await expect(diagnose(world, made, { inSession })).rejects.toMatchObject({ code: 'INTERRUPTED' });
  });

  it('has what takes too long', async () => {
    const never = () => Promise.withResolvers<void>().promise;
    const { signal } = new AbortController();
    await expect(within(5, 'm1', signal, never)).rejects.toThrow('m1 did not answer within');
    await expect(within(60_000, 'm1', AbortSignal.abort(), never)).rejects.not.toMatchObject({ code: 'TIMED_OUT' });
  });
});
