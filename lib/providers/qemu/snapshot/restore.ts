import { cp, mkdir, readdir, readFile, rename, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { allEnded } from '../../../async/all-ended.ts';
import type { Clock } from '../../../async/clock.ts';
import type { ProviderIo } from '../../../contracts/provider.ts';
import { messageOf, SwarmupError } from '../../../util/errors.ts';
import { exists, ifThere } from '../../../util/files.ts';
import { removeInside } from '../../../util/remove.ts';
import { requireFree } from '../disk.ts';
import type { Inventory } from '../inventory.ts';
import type { Layout } from '../layout.ts';
import type { Platform } from '../launch.ts';
import type { GuestPort } from '../forwards.ts';
import type { Ports } from '../ports.ts';
import { startQemu } from '../process.ts';
import { writeRecord, type MachineRecord } from '../record.ts';
import { joinSegment, type Joining } from '../segment/join.ts';
import type { SegmentKind } from '../segment/kind.ts';
import { connectAndSetClocks } from './clocks.ts';
import { runAll } from './pause.ts';
import { CLUSTER_FILES, copyClusterFiles, copyPrivate, FREE_SPACE } from './save.ts';
import { savedFiles, type SnapshotStore } from './store.ts';

/** Copied from the snapshot, before anything is changed. */
const STAGED = 'staged';
/** What the snapshot replaces. A folder in here says that the machine is now the snapshot's. */
const BEFORE = 'before';
const FILES_BEFORE = 'files-before';

export interface Restoring extends Pick<Joining, 'inventory' | 'hub'> {
  readonly layout: Layout;
  readonly inventory: Inventory;
  readonly store: SnapshotStore;
  readonly platform: Platform;
  /** How the machines are joined now; when they were saved, it may have been different. */
  readonly segment: SegmentKind;
  readonly ports: Ports;
  readonly clock: Clock;
  /** The records in the snapshot. */
  readonly records: readonly MachineRecord[];
  /** The ports that clients need. */
  readonly guestPorts: readonly GuestPort[];
  /** Ends a machine at once. */
  readonly end: (name: string) => Promise<void>;
}

/** Replaces machines by those of a snapshot. When that fails, they are as before, powered off. @param name the snapshot's, which fits */
export async function restoreMachines(restoring: Restoring, name: string, io: ProviderIo): Promise<void> {
  const { store } = restoring;
  const { restoring: work } = store;
  await store.begin(work);
  try {
    io.report('copying the disks');
    await stage(restoring, store.folder(name));
  } catch (error) {
    await store.discard(work);
    throw error;
  }
  try {
    io.report('ending the machines');
    await swap(restoring);
    io.report('loading their memory');
    await continueFrom(restoring, store.folder(name), io);
  } catch (cause) {
    const output = await printed(restoring);
    await rollBack(restoring);
    io.signal.throwIfAborted();
    throw new SwarmupError('MACHINE_FAILED', `the snapshot ${name} could not be restored: ${messageOf(cause)}`, {
      fix: "The machines are as they were before, powered off: 'swarmup up' starts them.",
      output,
      cause,
    });
  }
  await store.discard(work);
}

/** Copies disks and files, so that the snapshot can be restored again. */
async function stage({ layout, store, records }: Restoring, folder: string): Promise<void> {
  const sizes = await Promise.all(records.map(async ({ name }) => (await stat(savedFiles(folder, name).disk)).size));
  const needed = sizes.reduce((sum, bytes) => sum + bytes, 0);
  await requireFree(layout.stateDir, needed, 'restoring the snapshot', FREE_SPACE);
  const staged = join(store.restoring, STAGED);
  await mkdir(staged, { mode: 0o700 });
  await allEnded(
    records.map(async ({ name }) => {
      const [from, to] = [savedFiles(folder, name), savedFiles(staged, name)];
      await mkdir(to.dir, { mode: 0o700 });
      await copyPrivate(from.disk, to.disk);
      await copyPrivate(from.record, to.record);
      await cp(from.seed, to.seed, { recursive: true });
    }),
  );
  await copyClusterFiles(join(folder, CLUSTER_FILES), join(store.restoring, CLUSTER_FILES));
}

/** Ends the machines, and puts those of the snapshot in their place. */
async function swap({ layout, store, records, end }: Restoring): Promise<void> {
  const staged = join(store.restoring, STAGED);
  const before = join(store.restoring, BEFORE);
  const filesBefore = join(store.restoring, FILES_BEFORE);
  await allEnded(records.map(({ name }) => end(name)));
  await mkdir(before, { mode: 0o700 });
  await mkdir(filesBefore, { mode: 0o700 });
  await mkdir(layout.machines, { recursive: true, mode: 0o700 });
  for (const { name } of records) {
    if (await exists(layout.dir(name))) await rename(layout.dir(name), join(before, name));
    else await mkdir(join(before, name), { mode: 0o700 });
    await rename(join(staged, name), layout.dir(name));
  }
  const files = join(store.restoring, CLUSTER_FILES);
  for (const name of await readdir(files)) {
    const own = join(layout.stateDir, name);
    if (await exists(own)) await rename(own, join(filesBefore, name));
    await rename(join(files, name), own);
  }
}

/** Starts all machines with their saved memory, lets them run at the same moment, and sets their clocks. */
async function continueFrom(restoring: Restoring, folder: string, io: ProviderIo): Promise<void> {
  const { layout, inventory, platform, clock } = restoring;
  const { signal } = io;
  const records = await withPorts(restoring);
  const names = records.map(({ name }) => name);
  await allEnded(
    records.map(async (record) => {
      const { memory } = savedFiles(folder, record.name);
      await startQemu({ layout, record, platform, memory, clock, signal });
      await joinSegment({ ...restoring, signal }, record.name);
    }),
  );
  await runAll(inventory, names);
  io.report('setting the clocks');
  await connectAndSetClocks({ layout, signal }, records, clock);
}

/** The machines' ports may belong to another program now. */
async function withPorts({
  layout,
  ports,
  segment,
  records,
  guestPorts,
}: Restoring): Promise<readonly MachineRecord[]> {
  const chosen: MachineRecord[] = [];
  for (const record of records) {
    const wanted = new Set([...Object.keys(record.forwards), ...guestPorts]);
    const forwards = await ports.choose(record, [...wanted], 'stopped');
    await writeRecord(layout, { ...record, forwards, segment });
    chosen.push({ ...record, forwards, segment });
  }
  return chosen;
}

/** Puts back what was replaced. Called again after a kill, it does what is left to do. */
export async function rollBack({ layout, store, end }: Pick<Restoring, 'layout' | 'store' | 'end'>): Promise<void> {
  const before = join(store.restoring, BEFORE);
  const filesBefore = join(store.restoring, FILES_BEFORE);
  for (const name of (await ifThere(readdir(before))) ?? []) {
    await end(name);
    await removeInside(layout.root, layout.dir(name));
    await rename(join(before, name), layout.dir(name));
  }
  for (const name of (await ifThere(readdir(filesBefore))) ?? [])
    await rename(join(filesBefore, name), join(layout.stateDir, name));
  await store.discard(store.restoring);
}

/** What the machines' QEMUs printed, without their command lines. */
async function printed({ layout, records }: Restoring): Promise<string> {
  const texts = await Promise.all(
    records.map(async ({ name }) => {
      const [, ...lines] = ((await ifThere(readFile(layout.log(name), 'utf8'))) ?? '').trimEnd().split('\n');
      return lines.slice(-3).map((line) => `${name}: ${line}`);
    }),
  );
  return texts.flat().join('\n');
}
