import { mkdir, readFile, readdir, rename, writeFile } from 'node:fs/promises';
import { z } from 'zod';
import { isName } from '../../config/names.ts';
import { SwarmupError } from '../../util/errors.ts';
import { ifThere } from '../../util/files.ts';
import type { Layout } from './layout.ts';

/** How a base image is booted and gets its identity. */
const bootSchema = z.object({
  disk: z.string(),
  format: z.enum(['raw', 'qcow2']),
  /** With a separate kernel, firmware and boot loader are skipped. */
  kernel: z.string().optional(),
  initrd: z.string().optional(),
  /** credentials: systemd credentials over SMBIOS; cloud-init: a NoCloud seed disk. */
  configure: z.enum(['credentials', 'cloud-init']),
});

const recordSchema = z.object({
  name: z.string(),
  address: z.string(),
  cpus: z.number(),
  memoryMiB: z.number(),
  accelerator: z.enum(['kvm', 'hvf', 'tcg']),
  boot: bootSchema,
  hostKey: z.string(),
  /** Guest port (`80`, or `53/udp`) to loopback port; 22 is SSH. */
  forwards: z.record(z.string(), z.number()),
  /** How it was last joined to the others. Records of version 0.1.0 have none: it was multicast. */
  segment: z.enum(['hub', 'multicast']).optional(),
  /** The folder of the saved state that its disk is a layer on. */
  state: z.string().optional(),
  /** It has no identity of its own yet: the run that restores it isn't done, or was killed. */
  restoring: z.boolean().optional(),
});

export type BootImage = z.output<typeof bootSchema>;
/** The record of a machine, in machine.json beside its disk. */
export type MachineRecord = z.output<typeof recordSchema>;

export function readRecord(layout: Layout, node: string): Promise<MachineRecord | undefined> {
  return readRecordFile(layout.record(node));
}

/** @throws SwarmupError MACHINE_FAILED when there is one that can't be read */
export async function readRecordFile(path: string): Promise<MachineRecord | undefined> {
  const text = await ifThere(readFile(path, 'utf8'));
  if (text === undefined) return undefined;
  try {
    return recordSchema.parse(JSON.parse(text));
  } catch (cause) {
    throw new SwarmupError('MACHINE_FAILED', `${path} can't be read`, {
      fix: `It is damaged or from another version. 'swarmup down' removes the machines; 'swarmup up' then recreates them.`,
      cause,
    });
  }
}

/** Writes the record atomically, so that a kill leaves no partial record. */
export async function writeRecord(layout: Layout, record: MachineRecord): Promise<void> {
  await mkdir(layout.dir(record.name), { recursive: true, mode: 0o700 });
  const part = `${layout.record(record.name)}.part`;
  await writeFile(part, `${JSON.stringify(record, null, 2)}\n`, { mode: 0o600 });
  await rename(part, layout.record(record.name));
}

export async function recordedNames(layout: Layout): Promise<string[]> {
  return ((await ifThere(readdir(layout.machines))) ?? []).filter(isName);
}
