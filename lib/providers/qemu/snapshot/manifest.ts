import { hasErrno } from '../../../util/errno.ts';
import { z } from 'zod';
import { isName } from '../../../config/names.ts';
import { deviceArgs, processorArgs, type Platform } from '../launch.ts';
import type { Layout } from '../layout.ts';
import type { MachineRecord } from '../record.ts';
import { digest, fileStamp } from '../state/key.ts';
import { filesOf } from '../state/store.ts';

/** Raised when snapshots of an earlier format can't be used any more. */
export const FORMAT = 1;

const machineSchema = z.object({
  // It becomes a path.
  name: z.string().refine(isName),
  memoryBytes: z.int(),
  diskBytes: z.int(),
  /** See `hardwareOf`. */
  hardware: z.string(),
  /** The files that its disk is a layer on and that it boots from, as `basesOf` describes them. */
  bases: z.array(z.string()),
});

/** The contents of a snapshot, in manifest.json: written last, so without it there is none. */
export const manifestSchema = z.object({
  format: z.literal(FORMAT),
  takenAt: z.iso.datetime(),
  /** QEMU's version line. */
  qemu: z.string(),
  arch: z.string(),
  machines: z.array(machineSchema).min(1),
  /** When the first of the nodes' certificates expires. */
  usableUntil: z.iso.datetime().optional(),
});

export type Manifest = z.output<typeof manifestSchema>;
export type SavedMachine = z.output<typeof machineSchema>;

/** A hash of everything that a machine must have in common with the one whose memory it loads. */
export function hardwareOf(layout: Layout, record: MachineRecord, platform: Platform): string {
  const { name, cpus, memoryMiB, accelerator, boot } = record;
  const macs = { uplink: layout.mac(name, 'uplink'), segment: layout.mac(name, 'segment') };
  return digest([processorArgs(platform, accelerator), cpus, memoryMiB, deviceArgs(macs), boot.configure]);
}

/** The files below a machine's disk and its kernel: if one was replaced since, the disk means something else. */
export async function basesOf({ boot, state }: MachineRecord): Promise<readonly string[]> {
  const files = [boot.disk, boot.kernel, boot.initrd, state === undefined ? undefined : filesOf(state).disk];
  return Promise.all(files.filter((file) => file !== undefined).map(stampOrMissing));
}

async function stampOrMissing(path: string): Promise<string> {
  try {
    return await fileStamp(path);
  } catch (error) {
    if (!hasErrno(error, 'ENOENT')) throw error;
    return `${path} is missing`;
  }
}
