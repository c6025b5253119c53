import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import type { ProviderIo, ProviderOptions } from '../../lib/contracts/provider.ts';
import { Inventory } from '../../lib/providers/qemu/inventory.ts';
import { requireFree } from '../../lib/providers/qemu/disk.ts';
import { Layout } from '../../lib/providers/qemu/layout.ts';
import { Hub } from '../../lib/providers/qemu/segment/hub.ts';
import type { QemuTools } from '../../lib/providers/qemu/packages.ts';
import { writeRecord, type MachineRecord } from '../../lib/providers/qemu/record.ts';
import { misfitOf, type Present } from '../../lib/providers/qemu/snapshot/fit.ts';
import { basesOf, hardwareOf, type Manifest } from '../../lib/providers/qemu/snapshot/manifest.ts';
import { FREE_SPACE } from '../../lib/providers/qemu/snapshot/save.ts';
import { QemuSnapshots } from '../../lib/providers/qemu/snapshot/snapshots.ts';
import { savedFiles, SnapshotStore } from '../../lib/providers/qemu/snapshot/store.ts';
import { fakeClock } from '../fakes/clock.ts';
import { strict } from '../fakes/strict.ts';
import { localCommands } from '../../lib/remote/local.ts';

const root = mkdtempSync(join(tmpdir(), 'swarmup-snapshot-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));

const QEMU = 'QEMU emulator version 7.2.22';
const clock = fakeClock();
const now = clock.now();
const day = (days: number) => new Date(now + days * 86_400_000).toISOString();
const platform = { binary: '/none/qemu-system-x86_64', arch: 'x86_64' as const };
const machine = (name: string) => ({ name, memoryBytes: 6, diskBytes: 4, hardware: 'h', bases: [] });
const manifest: Manifest = {
  format: 1,
  takenAt: day(-1),
  qemu: QEMU,
  arch: 'x86_64',
  machines: ['a', 'b'].map(machine),
};
const present: Present = { qemu: QEMU, arch: 'x86_64', nodes: ['a', 'b'], now };

describe('a snapshot', () => {
  it('fits the cluster, the QEMU and the time that it was saved in', () => {
    expect(misfitOf(manifest, present)).toBeUndefined();
    expect(misfitOf({ ...manifest, usableUntil: day(1) }, present)).toBeUndefined();
  });

  it.each<[string, Partial<Manifest>, Partial<Present>, RegExp]>([
    ['whose certificates have expired', { usableUntil: day(-0.5) }, {}, /expired on 2023-11-14/],
    [
      'saved by another QEMU',
      { qemu: 'QEMU emulator version 10.0.2' },
      {},
      /'QEMU emulator version 10.0.2', and .* 7\.2/,
    ],
    ['of another architecture', { arch: 'aarch64' }, {}, /aarch64 machines, and this computer runs x86_64/],
    ['without a machine that the file names', {}, { nodes: ['a', 'b', 'c'] }, /lacks c, which the cluster file names/],
    [
      'with a machine that the file no longer names',
      {},
      { nodes: ['b'] },
      /has a, which the cluster file doesn't name/,
    ],
  ])('is refused, with a fix, if it is one %s', (_what, saved, here, why) => {
    const misfit = misfitOf({ ...manifest, ...saved }, { ...present, ...here });
    expect(misfit?.why).toMatch(why);
    expect(misfit?.fix).toMatch(/take another snapshot/);
  });

  it('is not begun when the file system has too little room for it', async () => {
    await requireFree(root, 1, 'a snapshot', FREE_SPACE);
    await expect(requireFree(root, 2 ** 60, 'a snapshot', FREE_SPACE)).rejects.toMatchObject({
      code: 'MACHINE_FAILED',
      message: expect.stringMatching(/^a snapshot may take \d+ MiB, and .* has \d+ MiB free$/),
    });
  });
});

/** A cluster of two machines that are powered off, as far as files go. */
async function stage() {
  const folder = mkdtempSync(join(root, 'cluster-'));
  const cache = join(folder, 'cache');
  const base = join(cache, 'images', 'debian', 'disk.raw');
  mkdirSync(join(cache, 'images', 'debian'), { recursive: true });
  writeFileSync(base, 'base');
  const layout = new Layout({ name: 'c', stateDir: join(folder, '.swarmup', 'c') });
  const record = (name: string): MachineRecord => ({
    name,
    address: '192.168.77.11',
    cpus: 1,
    memoryMiB: 1024,
    accelerator: 'tcg',
    boot: { disk: base, format: 'raw', configure: 'credentials' },
    hostKey: 'ssh-ed25519 AAAA',
    forwards: {},
  });
  for (const name of ['a', 'b']) {
    await writeRecord(layout, record(name));
    writeFileSync(layout.disk(name), 'disk');
    mkdirSync(layout.seed(name));
  }
  const local = localCommands(() => undefined, process.env);
  const options = strict<ProviderOptions>('options', { clock, local, env: { SWARMUP_CACHE_DIR: cache } });
  const tools = strict<QemuTools>('tools', { platform, versionLine: QEMU });
  const ended: string[] = [];
  const snapshots = new QemuSnapshots({
    options,
    layout,
    inventory: new Inventory(layout, local),
    hub: new Hub({ layout, local, clock }),
    tools: async () => tools,
    guestPorts: () => ['22'],
    end: async (name) => void ended.push(name),
  });
  return { layout, base, record, snapshots, ended, store: new SnapshotStore(layout) };
}

type Stage = Awaited<ReturnType<typeof stage>>;

/** Puts a snapshot of both machines, whose disks hold a text, into the store. */
async function saved({ layout, store, record }: Stage, name: string, disk = 'disk'): Promise<void> {
  await store.begin(store.saving);
  mkdirSync(join(store.saving, 'files'));
  writeFileSync(join(store.saving, 'files', 'unlock-key'), 'its key');
  const machines = await Promise.all(
    ['a', 'b'].map(async (node) => {
      const files = savedFiles(store.saving, node);
      mkdirSync(files.seed, { recursive: true });
      writeFileSync(files.memory, 'memory');
      writeFileSync(files.disk, disk);
      writeFileSync(files.record, JSON.stringify(record(node)));
      const hardware = hardwareOf(layout, record(node), platform);
      return { ...machine(node), hardware, bases: [...(await basesOf(record(node)))] };
    }),
  );
  await store.publish(name, { ...manifest, machines });
}

const warnings: string[] = [];
const io: ProviderIo = {
  signal: new AbortController().signal,
  report: () => undefined,
  warn: (message) => void warnings.push(message),
};
beforeEach(() => void warnings.splice(0));

const NODES = ['a', 'b'];
const diskOf = (layout: Layout, name: string) => readFileSync(layout.disk(name), 'utf8');

describe('the snapshots of a cluster', () => {
  it('are listed with their size, and readable by this user alone', async () => {
    const one = await stage();
    expect(await one.snapshots.list(NODES, io)).toEqual([]);
    await saved(one, 'first');
    const [first, ...others] = await one.snapshots.list(NODES, io);
    expect(others).toEqual([]);
    expect(first).toMatchObject({ name: 'first', takenAt: day(-1), machines: NODES });
    expect(first?.bytes).toBeGreaterThan(0);
    expect(first?.unusable).toBeUndefined();
    expect(statSync(one.layout.snapshots).mode & 0o077).toBe(0);
  });

  it.each<[string, (one: Stage, files: ReturnType<typeof savedFiles>) => void, RegExp]>([
    ['memory is truncated', (_one, { memory }) => writeFileSync(memory, 'mem'), /damaged/],
    ['disk is gone', (_one, { disk }) => rmSync(disk), /damaged/],
    [
      'record is of another machine',
      (one, { record }) => writeFileSync(record, JSON.stringify(one.record('b'))),
      /damaged/,
    ],
    [
      'memory has another size than its record says',
      (one, { record }) => writeFileSync(record, JSON.stringify({ ...one.record('a'), memoryMiB: 2048 })),
      /a had another processor, memory or other devices/,
    ],
    [
      'base image was replaced',
      ({ base }) => writeFileSync(base, 'another base'),
      /an image below a's disk was removed or replaced/,
    ],
    ['base image was removed', ({ base }) => rmSync(base), /an image below a's disk was removed or replaced/],
  ])('can not be restored when a %s, and nothing is changed', async (_what, spoil, why) => {
    const one = await stage();
    await saved(one, 'first');
    spoil(one, savedFiles(one.store.folder('first'), 'a'));
    expect((await one.snapshots.list(NODES, io))[0]?.unusable).toMatch(why);
    await expect(one.snapshots.restore('first', NODES, io)).rejects.toMatchObject({
      code: 'SNAPSHOT_UNUSABLE',
      message: expect.stringMatching(why),
    });
    expect(one.ended).toEqual([]);
  });

  it('are still listed when their manifest is damaged', async () => {
    const one = await stage();
    await saved(one, 'first');
    writeFileSync(join(one.store.folder('first'), 'manifest.json'), '{');
    expect(await one.snapshots.list(NODES, io)).toMatchObject([
      { name: 'first', unusable: expect.stringMatching(/damaged/) },
    ]);
    await one.snapshots.remove('first');
    expect(await one.snapshots.names()).toEqual([]);
  });

  it('are removed whole, and an unknown name is refused with the nearest one', async () => {
    const one = await stage();
    await saved(one, 'first');
    await expect(one.snapshots.remove('frist')).rejects.toMatchObject({
      code: 'UNKNOWN_NAME',
      fix: expect.stringContaining('first'),
    });
    await one.snapshots.remove('first');
    expect(readdirSync(one.layout.snapshots)).toEqual([]);
    await expect(one.snapshots.remove('first')).rejects.toMatchObject({
      fix: expect.stringContaining('snapshot save'),
    });
  });

  it('have names that are no paths', async () => {
    const one = await stage();
    const request = { name: '../x', nodes: NODES, usableUntil: async () => undefined };
    await expect(one.snapshots.save(request, io)).rejects.toMatchObject({ code: 'USAGE' });
  });

  it('are taken only while every machine runs', async () => {
    const one = await stage();
    const request = { name: 'first', nodes: NODES, usableUntil: async () => undefined };
    await expect(one.snapshots.save(request, io)).rejects.toMatchObject({
      code: 'USAGE',
      message: 'every machine has to run for a snapshot, and a, b is off',
    });
    expect(existsSync(one.layout.snapshots)).toBe(false);
  });
});

describe('a snapshot that replaces another', () => {
  it('takes its name only once it is whole', async () => {
    const one = await stage();
    await saved(one, 'first', 'old!');
    await saved(one, 'first', 'new!');
    expect(readFileSync(savedFiles(one.store.folder('first'), 'a').disk, 'utf8')).toBe('new!');
    expect(readdirSync(one.layout.snapshots)).toEqual(['first']);
  });

  it.each([
    ['before the new one had its name: the old one is kept', false, 'old!'],
    ['before the old one was removed: it is removed', true, 'new!'],
  ])('may be cut off %s', async (_when, named, disk) => {
    const one = await stage();
    await saved(one, 'old', 'old!');
    await saved(one, 'new', 'new!');
    // As a kill between the steps of replacing leaves it.
    const [former, first] = [join(one.layout.snapshots, '.replaced-first'), one.store.folder('first')];
    renameSync(one.store.folder('old'), former);
    if (named) renameSync(one.store.folder('new'), first);
    else await one.snapshots.remove('new');
    await one.snapshots.repair(io);
    expect(readdirSync(one.layout.snapshots)).toEqual(['first']);
    expect(readFileSync(savedFiles(first, 'a').disk, 'utf8')).toBe(disk);
  });
});

describe('what a killed run left', () => {
  it('is nothing to repair in a cluster without snapshots', async () => {
    const one = await stage();
    await one.snapshots.repair(io);
    expect(existsSync(one.layout.snapshots)).toBe(false);
  });

  it('half saved or half removed, is removed', async () => {
    const one = await stage();
    await saved(one, 'first');
    await one.store.begin(one.store.saving);
    mkdirSync(join(one.layout.snapshots, '.discarded-x', 'a'), { recursive: true });
    expect(await one.snapshots.names()).toEqual(['first']);
    await one.snapshots.repair(io);
    expect(readdirSync(one.layout.snapshots)).toEqual(['first']);
  });

  it('half restored, is undone: machines and files are as before', async () => {
    const one = await stage();
    const { layout, store } = one;
    await saved(one, 'first', 'old!');
    // a was replaced, b not yet.
    await store.begin(store.restoring);
    for (const name of ['before', 'files-before', 'staged']) mkdirSync(join(store.restoring, name));
    renameSync(layout.dir('a'), join(store.restoring, 'before', 'a'));
    cpSync(savedFiles(store.folder('first'), 'a').dir, layout.dir('a'), { recursive: true });
    writeFileSync(join(store.restoring, 'files-before', 'unlock-key'), 'the key');
    writeFileSync(join(layout.stateDir, 'unlock-key'), 'its key');
    expect(diskOf(layout, 'a')).toBe('old!');
    await one.snapshots.repair(io);
    expect(NODES.map((name) => diskOf(layout, name))).toEqual(['disk', 'disk']);
    expect(readFileSync(join(layout.stateDir, 'unlock-key'), 'utf8')).toBe('the key');
    expect(one.ended).toEqual(['a']);
    expect(warnings.join()).toContain('killed while it restored a snapshot');
    expect(readdirSync(layout.snapshots)).toEqual(['first']);
  });
});

describe('a snapshot that QEMU does not load', () => {
  it('leaves machines and files as before, even machines that did not exist, and can be removed', async () => {
    const one = await stage();
    const { layout } = one;
    await saved(one, 'first', 'old!');
    writeFileSync(join(layout.stateDir, 'unlock-key'), 'the key');
    rmSync(layout.dir('b'), { recursive: true });
    // There is no such program.
    await expect(one.snapshots.restore('first', NODES, io)).rejects.toMatchObject({
      code: 'MACHINE_FAILED',
      message: expect.stringMatching(/^the snapshot first could not be restored: .*ENOENT/),
      fix: expect.stringContaining("'swarmup up' starts them"),
    });
    expect(diskOf(layout, 'a')).toBe('disk');
    expect(existsSync(layout.record('b'))).toBe(false);
    expect(readFileSync(join(layout.stateDir, 'unlock-key'), 'utf8')).toBe('the key');
    expect(readdirSync(layout.snapshots)).toEqual(['first']);
    await one.snapshots.remove('first');
  });
});
