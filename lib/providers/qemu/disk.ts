import { statfs } from 'node:fs/promises';
import type { LocalCommands } from '../../contracts/local-commands.ts';
import { SwarmupError } from '../../util/errors.ts';

export interface Layer {
  readonly path: string;
  /** The disk below it, which never changes. */
  readonly below: { readonly disk: string; readonly format: 'raw' | 'qcow2' };
  /** Without it, the size of the disk below. */
  readonly sizeMiB?: number;
}

/** Makes an empty layer on another disk: qemu-img(1), create. */
export async function createLayer(
  { local, qemuImg, signal }: { readonly local: LocalCommands; readonly qemuImg: string; readonly signal: AbortSignal },
  { path, below, sizeMiB }: Layer,
): Promise<void> {
  const size = sizeMiB === undefined ? [] : [`${sizeMiB}M`];
  await local.run([qemuImg, 'create', '-q', '-f', 'qcow2', '-b', below.disk, '-F', below.format, path, ...size], {
    signal,
  });
}

/** @throws SwarmupError MACHINE_FAILED when the file system has less room than something may take, in bytes */
export async function requireFree(folder: string, needed: number, what: string, fix: string): Promise<void> {
  const { bavail, bsize } = await statfs(folder);
  const free = bavail * bsize;
  if (free >= needed) return;
  const mebibytes = (bytes: number) => `${Math.ceil(bytes / 2 ** 20)} MiB`;
  throw new SwarmupError(
    'MACHINE_FAILED',
    `${what} may take ${mebibytes(needed)}, and ${folder} has ${mebibytes(free)} free`,
    { fix },
  );
}
