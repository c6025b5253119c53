import { createHash } from 'node:crypto';
import { readFile, stat } from 'node:fs/promises';
import { basename, dirname } from 'node:path';
import { deviceArgs, processorArgs, type Platform } from '../launch.ts';
import type { BootImage, MachineRecord } from '../record.ts';
import type { KnownImages } from './images.ts';

/** The program that runs inside a saved machine. */
export const AGENT: URL = new URL('agent.pl', import.meta.url);

/** Raised when states of an earlier format can't be used any more. */
const FORMAT = 2;

export interface StateParts {
  readonly image: BootImage;
  /** QEMU's version line. */
  readonly qemu: string;
  readonly platform: Platform;
  readonly accelerator: MachineRecord['accelerator'];
  readonly cpus: number;
  readonly memoryMiB: number;
  readonly diskMiB: number;
  /** The container images that are in it. */
  readonly images: KnownImages;
}

/** A name for the state of a machine: any other image, QEMU, processor, memory, device or agent has another one. */
export async function stateKey(parts: StateParts): Promise<string> {
  const { image, platform, accelerator, images, ...numbers } = parts;
  const files = [image.disk, image.kernel, image.initrd, ...images.archives].filter((file) => file !== undefined);
  return digest([
    FORMAT,
    await Promise.all(files.map(fileStamp)),
    images,
    image.configure,
    platform.arch,
    processorArgs(platform, accelerator),
    deviceArgs(),
    numbers,
    await readFile(AGENT, 'utf8'),
  ]);
}

/**
 * What a state is for: the same machine after an update of its image, of an archive or of QEMU has another key, but is of the
 * same kind, so that its new state replaces the old one.
 */
export function stateKind({ image, accelerator, cpus, memoryMiB, diskMiB, images }: StateParts): string {
  // Built images have a hash at the end of their folder's name.
  const name = basename(dirname(image.disk)).replace(/-[0-9a-f]{12}$/, '');
  return digest([name, basename(image.disk), accelerator, cpus, memoryMiB, diskMiB, images]);
}

/** A short name for a value. */
export function digest(value: unknown): string {
  return createHash('sha256').update(JSON.stringify(value)).digest('hex').slice(0, 20);
}

/** What a file is known by without reading all of it. */
export async function fileStamp(path: string): Promise<string> {
  const { size, mtimeMs } = await stat(path);
  return `${path} ${size} ${mtimeMs}`;
}
