import { stat } from 'node:fs/promises';
import { ifThere } from '../../../util/files.ts';
import type { Layout } from '../layout.ts';
import type { Platform } from '../launch.ts';
import { readRecordFile, type MachineRecord } from '../record.ts';
import { misfitOf, TAKE_ANOTHER, type Misfit, type Present } from './fit.ts';
import { basesOf, hardwareOf, type Manifest, type SavedMachine } from './manifest.ts';
import { savedFiles, type StoredSnapshot } from './store.ts';

const DAMAGED: Misfit = { why: 'it is damaged, or from another version of swarmup', fix: TAKE_ANOTHER };

/** Whether a snapshot can be restored here and now: its machines, or what keeps it from that. */
export type Inspection =
  | { readonly manifest: Manifest; readonly records: readonly MachineRecord[]; readonly misfit?: undefined }
  | { readonly manifest: Manifest | undefined; readonly records?: undefined; readonly misfit: Misfit };

export interface Inspecting {
  readonly layout: Layout;
  readonly platform: Platform;
  readonly present: Present;
}

/** Compares a snapshot, and the files that it needs, with what is here. Changes nothing. */
export async function inspect({ folder, manifest }: StoredSnapshot, inspecting: Inspecting): Promise<Inspection> {
  if (!manifest) return { manifest, misfit: DAMAGED };
  const misfit = misfitOf(manifest, inspecting.present);
  if (misfit) return { manifest, misfit };
  const machines = await Promise.all(manifest.machines.map((machine) => machineIn(folder, machine, inspecting)));
  const bad = machines.find((one) => 'why' in one);
  if (bad) return { manifest, misfit: bad };
  return { manifest, records: machines.filter((one) => 'name' in one) };
}

/** The record of a saved machine, or why it can't be restored. */
async function machineIn(
  folder: string,
  machine: SavedMachine,
  { layout, platform }: Inspecting,
): Promise<MachineRecord | Misfit> {
  const { name } = machine;
  const files = savedFiles(folder, name);
  const [memory, disk, seed] = await Promise.all(
    [files.memory, files.disk, files.seed].map((path) => ifThere(stat(path))),
  );
  if (memory?.size !== machine.memoryBytes || disk?.size !== machine.diskBytes || !seed) return DAMAGED;
  const record = await readRecordFile(files.record);
  if (record?.name !== name) return DAMAGED;
  if (hardwareOf(layout, record, platform) !== machine.hardware)
    return { why: `${name} had another processor, memory or other devices when it was saved`, fix: TAKE_ANOTHER };
  const bases = await basesOf(record);
  if (bases.join('\n') !== machine.bases.join('\n'))
    return { why: `an image below ${name}'s disk was removed or replaced since`, fix: TAKE_ANOTHER };
  return record;
}
