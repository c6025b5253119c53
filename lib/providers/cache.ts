import { lstat, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { ifThere } from '../util/files.ts';
import { isUsers, usersOf } from './users.ts';

/** Something that swarmup keeps for all clusters of this user, and can download or build again. */
export interface Cached {
  readonly kind: 'machine image' | 'machine state' | 'download' | 'container image' | 'compiled modules';
  readonly name: string;
  readonly path: string;
  /** What it takes of the disk; files with holes take less than their size. */
  readonly bytes: number;
  readonly changedAt: Date;
  /** The records of the machines and states that use it; undefined where an earlier version of swarmup didn't note them. */
  readonly usedBy: readonly string[] | undefined;
}

const FOLDERS = {
  images: 'machine image',
  states: 'machine state',
  downloads: 'download',
  'container-images': 'container image',
  // Node.js writes these, one folder for each of its versions.
  compiled: 'compiled modules',
} as const;

/** The disks that an image's folder may have. */
const DISKS = ['disk.raw', 'disk.qcow2'] as const;

/** Everything in the cache, the largest first. */
export async function listCache(cache: string): Promise<readonly Cached[]> {
  const found = await Promise.all(
    Object.entries(FOLDERS).map(async ([folder, kind]) => {
      const names = (await ifThere(readdir(join(cache, folder)))) ?? [];
      // What another run is building now is left alone.
      const own = names.filter((name) => !name.startsWith('.') && !isUsers(name));
      return Promise.all(own.map((name) => cached(kind, name, join(cache, folder, name))));
    }),
  );
  return found.flat().toSorted((a, b) => b.bytes - a.bytes);
}

async function cached(kind: Cached['kind'], name: string, path: string): Promise<Cached> {
  const { mtime } = await lstat(path);
  return { kind, name, path, bytes: await bytesOf(path), changedAt: mtime, usedBy: await users(kind, path) };
}

async function users(kind: Cached['kind'], path: string): Promise<readonly string[] | undefined> {
  // Nodes have loaded the image, and Node.js only saves time.
  if (kind === 'container image' || kind === 'compiled modules') return [];
  if (kind !== 'machine image') return usersOf(path);
  const names = (await ifThere(readdir(path))) ?? [];
  const disk = DISKS.find((one) => names.includes(one));
  return disk === undefined ? [] : usersOf(join(path, disk));
}

/** What a file or folder takes of the disk. Links aren't followed. */
export async function bytesOf(path: string): Promise<number> {
  const found = await lstat(path);
  if (!found.isDirectory()) return found.blocks * 512;
  const inside = await Promise.all((await readdir(path)).map((name) => bytesOf(join(path, name))));
  return inside.reduce((sum, bytes) => sum + bytes, 0);
}
