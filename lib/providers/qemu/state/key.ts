import { createHash } from 'node:crypto';
import { readFile, stat } from 'node:fs/promises';
import { deviceArgs, processorArgs, type Platform } from '../launch.ts';
import type { BootImage, MachineRecord } from '../record.ts';

/** The program that runs inside a saved machine. */
export const AGENT: URL = new URL('agent.pl', import.meta.url);

/** Raised when states of an earlier format can't be used any more. */
const FORMAT = 1;

export interface StateParts {
  readonly image: BootImage;
  /** QEMU's version line. */
  readonly qemu: string;
  readonly platform: Platform;
  readonly accelerator: MachineRecord['accelerator'];
  readonly cpus: number;
  readonly memoryMiB: number;
  readonly diskMiB: number;
}

/** A name for the state of a machine: any other image, QEMU, processor, memory, device or agent has another one. */
export async function stateKey(parts: StateParts): Promise<string> {
  const { image, platform, accelerator, ...numbers } = parts;
  const files = [image.disk, image.kernel, image.initrd].filter((file) => file !== undefined);
  const described = [
    FORMAT,
    await Promise.all(files.map(fileStamp)),
    image.configure,
    platform.arch,
    processorArgs(platform, accelerator),
    deviceArgs(),
    numbers,
    await readFile(AGENT, 'utf8'),
  ];
  return createHash('sha256').update(JSON.stringify(described)).digest('hex').slice(0, 20);
}

/** What a file is known by without reading all of it. */
async function fileStamp(path: string): Promise<string> {
  const { size, mtimeMs } = await stat(path);
  return `${path} ${size} ${mtimeMs}`;
}
