import {
  closeSync,
  existsSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it, vi } from 'vitest';
import { usersOf } from '../../lib/providers/users.ts';
import { Cli, type StatusDocument, type UpDocument } from '../support/cli.ts';
import { get, onNode, qemuProcesses } from '../support/machines.ts';

const folder = mkdtempSync(join(tmpdir(), 'swarmup-snapshot-'));
const cli = new Cli(folder);
const sshConfig = join(folder, 'ssh-config');
const NODES = ['m1', 'm2', 'm3'] as const;
const state = join(folder, '.swarmup', 'e2e-snapshot');
const snapshots = join(state, 'snapshots');

writeFileSync(
  join(folder, 'swarmup.yaml'),
  `name: e2e-snapshot
provider: { type: qemu, start: restore }
nodes:
${NODES.map((name) => `  - { name: ${name}, role: manager }`).join('\n')}
images: { whenUnreachable: build }
services:
  web: { image: nginx, replicas: 3, ports: ['80:80'], verify: { body: Welcome } }
`,
);

afterAll(async () => {
  await cli.run(['down', '--yes']);
  expect(qemuProcesses('e2e-snapshot')).toEqual([]);
  rmSync(folder, { recursive: true, force: true });
});

interface Listed {
  readonly snapshots: readonly {
    readonly name: string;
    readonly bytes: number;
    readonly machines: readonly string[];
    readonly usableUntil?: string;
    readonly unusable?: string;
  }[];
}

const listed = async () => (await cli.json<Listed>('snapshot', 'list')).document.snapshots;
const nodeLs = () => onNode(sshConfig, 'm1', "docker node ls --format '{{.Hostname}} {{.Status}} {{.ManagerStatus}}'");
const ids = () => onNode(sshConfig, 'm1', 'docker service ls -q --no-trunc; docker info -f "{{.Swarm.Cluster.ID}}"');
const manifestOf = (name: string) => join(snapshots, name, 'manifest.json');
/** What an answer of each node's page begins with. */
async function statuses(): Promise<readonly number[]> {
  const { document } = await cli.json<StatusDocument>('status');
  const urls = document.services.find(({ name }) => name === 'web')?.urls ?? [];
  expect(urls.map(({ node }) => node)).toEqual([...NODES]);
  return Promise.all(urls.map(async ({ url }) => (await get(url)).status));
}

async function expectRestored(): Promise<void> {
  writeFileSync(sshConfig, (await cli.run(['ssh-config'])).stdout);
  expect(await statuses()).toEqual([200, 200, 200]);
  const nodes = (await nodeLs()).split('\n').toSorted();
  expect(nodes.map((line) => line.split(' ').slice(0, 2).join(' '))).toEqual(NODES.map((name) => `${name} Ready`));
  expect(nodes.filter((line) => line.endsWith(' Leader'))).toHaveLength(1);
  for (const name of NODES) {
    const before = Date.now() / 1000;
    const there = Number(await onNode(sshConfig, name, 'date +%s.%N'));
    expect(there).toBeGreaterThan(before - 2);
    expect(there).toBeLessThan(Date.now() / 1000 + 2);
  }
}

const started: { ids?: string } = {};

describe('a cluster that is saved', () => {
  it('runs on, with every node ready and its page served', async () => {
    const up = await cli.json<UpDocument>('up', '--yes');
    expect(up.document.units.flatMap(({ error }) => error ?? [])).toEqual([]);
    writeFileSync(sshConfig, (await cli.run(['ssh-config'])).stdout);
    started.ids = await ids();
    const saved = await cli.json<{ pausedMs: number; bytes: number }>('snapshot', 'save');
    expect(saved.status).toBe(0);
    expect(saved.stderr).not.toContain('!');
    await expectRestored();
    expect(await ids()).toBe(started.ids);
  });

  it('has a snapshot that only this user can read, and that keeps the image below its disks', async () => {
    const [one] = await listed();
    expect(one).toMatchObject({ name: 'default', machines: [...NODES] });
    expect(one?.unusable).toBeUndefined();
    expect(Date.parse(one?.usableUntil ?? '') - Date.now()).toBeGreaterThan(80 * 86_400_000);
    const record = join(snapshots, 'default', 'm1', 'machine.json');
    for (const file of [manifestOf('default'), record, join(snapshots, 'default', 'm1', 'memory')])
      expect(statSync(file).mode & 0o077).toBe(0);
    const { boot } = JSON.parse(readFileSync(record, 'utf8'));
    expect(await usersOf(boot.disk)).toContain(record);
  });
});

describe('a cluster that is restored', () => {
  it('has its services, its machines and its disks as they were', async () => {
    for (const name of NODES) await onNode(sshConfig, name, 'echo changed > /var/tmp/changed && sync');
    await onNode(sshConfig, 'm1', 'docker service rm web');
    process.kill(qemuProcesses('e2e-snapshot', 'm2')[0] ?? 0, 'SIGKILL');
    const restored = await cli.json<UpDocument>('snapshot', 'restore', '--yes');
    expect(restored.document.units.flatMap(({ error }) => error ?? [])).toEqual([]);
    expect(restored.status).toBe(0);
    await expectRestored();
    expect(await ids()).toBe(started.ids);
    for (const name of NODES)
      expect(await onNode(sshConfig, name, 'cat /var/tmp/changed 2>&1 || true')).toContain('No such file');
  });

  it('can be restored again, even when all of its machines are gone, and changed like any other', async () => {
    for (const pid of qemuProcesses('e2e-snapshot')) process.kill(pid, 'SIGKILL');
    rmSync(join(state, 'machines', 'm3'), { recursive: true });
    expect((await cli.json('snapshot', 'restore', '--yes')).status).toBe(0);
    await expectRestored();
    const again = await cli.json<UpDocument>('up', '--yes');
    expect(again.document).toMatchObject({ ok: true, changed: 0 });
  });

  it('is not touched when the snapshot does not fit', async () => {
    const text = readFileSync(manifestOf('default'), 'utf8');
    const before = qemuProcesses('e2e-snapshot');
    writeFileSync(manifestOf('default'), text.replace(/QEMU emulator version [\d.]+/, 'QEMU emulator version 1.0'));
    const refused = await cli.run(['snapshot', 'restore', '--yes']);
    expect(refused.status).toBe(1);
    expect(refused.stderr).toMatch(/another QEMU saved it: 'QEMU emulator version 1\.0/);
    expect((await listed())[0]?.unusable).toMatch(/another QEMU/);
    expect(qemuProcesses('e2e-snapshot')).toEqual(before);
    writeFileSync(manifestOf('default'), text);
  });
});

describe('a save that is killed', () => {
  it('leaves no snapshot and paused machines, which run again with the next command', async () => {
    const killed = cli.run(['snapshot', 'save', 'second'], undefined);
    await vi.waitFor(() => expect(existsSync(join(snapshots, '.saving', 'm1', 'memory'))).toBe(true), {
      timeout: 60_000,
      interval: 20,
    });
    const lock: { pid: number } = JSON.parse(readFileSync(`${state}.lock`, 'utf8'));
    process.kill(lock.pid, 'SIGKILL');
    await killed;
    expect((await listed()).map(({ name }) => name)).toEqual(['default']);
    const up = await cli.json<UpDocument>('up', '--yes');
    expect(up.document.warnings.join()).toContain('m1, m2, m3 run again');
    expect(up.document).toMatchObject({ ok: true, changed: 0 });
    expect(readdirSync(snapshots)).toEqual(['default']);
    await expectRestored();
  });

  it('can be repeated; a damaged memory leaves the machines as they were, and another snapshot helps', async () => {
    expect((await cli.run(['snapshot', 'save', 'second'])).status).toBe(0);
    expect((await listed()).map(({ name }) => name)).toEqual(['default', 'second']);
    const memory = openSync(join(snapshots, 'second', 'm2', 'memory'), 'r+');
    writeSync(memory, Buffer.alloc(64));
    closeSync(memory);
    const failed = await cli.run(['snapshot', 'restore', 'second', '--yes']);
    expect(failed.status).toBe(1);
    expect(failed.stderr).toMatch(
      /the snapshot second could not be restored[^]*m2: .*qemu[^]*powered off: 'swarmup up' starts them/,
    );
    expect(qemuProcesses('e2e-snapshot')).toEqual([]);
    expect((await cli.run(['snapshot', 'restore', '--yes'])).status).toBe(0);
    await expectRestored();
    expect((await cli.run(['snapshot', 'remove', 'second', '--yes'])).status).toBe(0);
    expect(readdirSync(snapshots)).toEqual(['default']);
    expect((await cli.run(['down', '--yes'])).status).toBe(0);
    expect(existsSync(state)).toBe(false);
  });
});
