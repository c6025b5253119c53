import { constants } from 'node:fs';
import { chmod, copyFile, cp, mkdir, readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { allEnded } from '../../../async/all-ended.ts';
import type { Clock } from '../../../async/clock.ts';
import type { ProviderIo, SnapshotRequest } from '../../../contracts/provider.ts';
import { saveState } from '../../../remote/save-state.ts';
import type { SshHost } from '../../../remote/ssh.ts';
import { hasCode, messageOf } from '../../../util/errors.ts';
import { removeOwn } from '../../../util/remove.ts';
import { requireFree } from '../disk.ts';
import type { Inventory } from '../inventory.ts';
import type { Layout } from '../layout.ts';
import type { QemuTools } from '../packages.ts';
import type { MachineRecord } from '../record.ts';
import { connectAndSetClocks, setClocks, withHosts } from './clocks.ts';
import { basesOf, FORMAT, hardwareOf, type Manifest, type SavedMachine } from './manifest.ts';
import { pauseAll, resumeAll } from './pause.ts';
import { savedFiles, type SnapshotStore } from './store.ts';

/** The cluster's own files, such as its unlock key: what they say belongs to the swarm as it was. */
export const CLUSTER_FILES = 'files';

export interface Saving {
  readonly layout: Layout;
  readonly inventory: Inventory;
  readonly store: SnapshotStore;
  readonly tools: Pick<QemuTools, 'platform' | 'versionLine'>;
  readonly clock: Clock;
  readonly records: readonly MachineRecord[];
}

/** Saves running machines to the store's folder `saving`. @returns the manifest, and how long the machines were paused, in milliseconds */
export async function saveMachines(
  saving: Saving,
  request: SnapshotRequest,
  io: ProviderIo,
): Promise<{ readonly manifest: Manifest; readonly pausedMs: number }> {
  const { layout, store, tools, clock, records } = saving;
  await requireSpace(layout, records);
  const usableUntil = await request.usableUntil();
  const takenAt = new Date(clock.now()).toISOString();
  await copyClusterFiles(layout.stateDir, join(store.saving, CLUSTER_FILES));
  const { result: machines, pausedMs } = await whilePaused(saving, io, () =>
    allEnded(records.map((record) => saveOne(saving, record, io))),
  );
  const { versionLine: qemu, platform } = tools;
  const manifest: Manifest = { format: FORMAT, takenAt, qemu, arch: platform.arch, machines };
  return { manifest: usableUntil === undefined ? manifest : { ...manifest, usableUntil }, pausedMs };
}

/** Does the work while all machines are paused; they run again in any case, with their clocks set. */
async function whilePaused<T>(
  saving: Saving,
  io: ProviderIo,
  work: () => Promise<T>,
): Promise<{ readonly result: T; readonly pausedMs: number }> {
  const { layout, inventory, records, clock } = saving;
  const names = records.map(({ name }) => name);
  let pausedMs = 0;
  const result = await withHosts({ layout, signal: io.signal }, records, async (hosts) => {
    io.report(`pausing ${names.join(', ')}`);
    const start = clock.now();
    try {
      await pauseAll(inventory, names);
      return await work();
    } finally {
      await resumeAll(inventory, names, clock);
      pausedMs = clock.now() - start;
      await adjustClocks(saving, hosts).catch((error: unknown) =>
        io.warn(`the machines' clocks may be ${Math.ceil(pausedMs / 1000)} s behind: ${messageOf(error)}`),
      );
    }
  });
  return { result, pausedMs };
}

/** Also after an interrupt. A connection may not outlive a long pause; then another one is made. */
async function adjustClocks({ layout, clock, records }: Saving, hosts: readonly SshHost[]): Promise<void> {
  const { signal } = new AbortController();
  try {
    await setClocks(hosts, clock, signal);
  } catch (error) {
    if (!hasCode(error, 'SSH_CONNECTION_LOST')) throw error;
    await connectAndSetClocks({ layout, signal }, records, clock);
  }
}

/** Memory first: only then QEMU has written everything to the disk's file. */
async function saveOne(
  { layout, inventory, store, tools, clock }: Saving,
  record: MachineRecord,
  io: ProviderIo,
): Promise<SavedMachine> {
  const { name } = record;
  const files = savedFiles(store.saving, name);
  await mkdir(files.dir, { mode: 0o700 });
  // A killed run may have left it.
  await removeOwn(layout.transferSocket(name));
  await saveState({
    qmpSocket: await inventory.qmpSocket(name),
    transferSocket: layout.transferSocket(name),
    file: files.memory,
    clock,
    signal: io.signal,
    onProgress: () => undefined,
    fix: 'The machines run again. Free disk space if there is little, then run again.',
  });
  await copyPrivate(layout.disk(name), files.disk);
  await copyPrivate(layout.record(name), files.record);
  await cp(layout.seed(name), files.seed, { recursive: true });
  const [memory, disk] = await Promise.all([stat(files.memory), stat(files.disk)]);
  return {
    name,
    memoryBytes: memory.size,
    diskBytes: disk.size,
    hardware: hardwareOf(layout, record, tools.platform),
    bases: [...(await basesOf(record))],
  };
}

/** Copies a file for this user alone, without taking space where the file system can share it. */
export async function copyPrivate(from: string, to: string): Promise<void> {
  await copyFile(from, to, constants.COPYFILE_FICLONE | constants.COPYFILE_EXCL);
  await chmod(to, 0o600);
}

/** Copies the files directly in a state folder, which are small; folders and links are left out. */
export async function copyClusterFiles(from: string, to: string): Promise<void> {
  await mkdir(to, { mode: 0o700 });
  const files = (await readdir(from, { withFileTypes: true })).filter((entry) => entry.isFile());
  for (const { name } of files) await copyPrivate(join(from, name), join(to, name));
}

async function requireSpace(layout: Layout, records: readonly MachineRecord[]): Promise<void> {
  const disks = await Promise.all(records.map(async ({ name }) => (await stat(layout.disk(name))).size));
  // Memory that the machine never used takes no space, but nobody knows how much that is.
  const memory = records.reduce((sum, { memoryMiB }) => sum + memoryMiB * 2 ** 20, 0);
  const needed = memory + disks.reduce((sum, bytes) => sum + bytes, 0);
  await requireFree(layout.stateDir, needed, 'a snapshot', FREE_SPACE);
}

/** What helps when a snapshot finds too little disk space. */
export const FREE_SPACE =
  "Free disk space. 'swarmup snapshot list' shows what snapshots take, 'swarmup cache' what all clusters share.";
