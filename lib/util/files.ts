import type { Stats } from 'node:fs';
import { lstat, mkdir, readFile, stat } from 'node:fs/promises';
import envPaths from 'env-paths';
import { hasErrno } from './errno.ts';
import { SwarmupError } from './errors.ts';
import { userId } from './user.ts';

/** Whether something exists at a path. What can't be accessed counts as missing. */
export async function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}

/** The folder for what all clusters of this user share: base images, container images, probe results. */
export function cacheFolder(env: Readonly<Record<string, string | undefined>>): string {
  return env['SWARMUP_CACHE_DIR'] ?? envPaths('swarmup', { suffix: '' }).cache;
}

/**
 * Whether a path is a folder that belongs to this user and that no other user can read or write; no link is followed.
 */
export async function isPrivate(path: string): Promise<boolean> {
  return isPrivateFolder(await ifThere(lstat(path)));
}

/** The same of what lstat(2) found at a path. */
export function isPrivateFolder(found: Stats | undefined): boolean {
  return found !== undefined && found.isDirectory() && found.uid === userId() && (found.mode & 0o077) === 0;
}

/**
 * Makes a folder for this user alone in a place where every user may write, such as /tmp.
 *
 * @throws SwarmupError PATH_UNSAFE when something else exists at the path: another user may have created it first
 */
export async function makePrivate(path: string): Promise<void> {
  // A file of that name is reported below.
  await mkdir(path, { recursive: true, mode: 0o700 }).catch((error: unknown) => {
    if (!hasErrno(error, 'EEXIST')) throw error;
  });
  await requirePrivate(path);
}

/** @throws SwarmupError PATH_UNSAFE when the path isn't a folder of this user that no other user can access */
export async function requirePrivate(path: string): Promise<void> {
  if (await isPrivate(path)) return;
  throw new SwarmupError('PATH_UNSAFE', `${path} is not a folder that only you can access`, {
    fix: `Check whose it is (ls -ld ${path}), remove it, then run again.`,
  });
}

/** The result of reading something; undefined when there is no such file or folder. */
export async function ifThere<T>(reading: Promise<T>): Promise<T | undefined> {
  try {
    return await reading;
  } catch (error) {
    if (hasErrno(error, 'ENOENT')) return undefined;
    throw error;
  }
}

/**
 * The text of a file of which programs ask no more than whether they can read it: undefined for a missing one, a folder,
 * and a file of another user.
 */
export async function readIfPossible(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    if (hasErrno(error, 'ENOENT', 'ENOTDIR', 'EISDIR', 'EACCES', 'ELOOP', 'ENAMETOOLONG')) return undefined;
    throw error;
  }
}
