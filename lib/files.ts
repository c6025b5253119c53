import { rmdir, stat } from 'node:fs/promises';
import envPaths from 'env-paths';
import { hasErrno } from './errno.ts';

/** Whether something is at a path. What can't be looked at counts as not there. */
export async function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}

/** The folder for what all clusters of this user share: base images, container images, answers of probes. */
export function cacheFolder(env: Readonly<Record<string, string | undefined>>): string {
  return env['SWARMUP_CACHE_DIR'] ?? envPaths('swarmup', { suffix: '' }).cache;
}

/** What reading something gives; undefined when there is no such file or folder. */
export async function ifThere<T>(reading: Promise<T>): Promise<T | undefined> {
  try {
    return await reading;
  } catch (error) {
    if (hasErrno(error, 'ENOENT')) return undefined;
    throw error;
  }
}

/** Removes a folder that nothing is left in; any other stays. */
export async function removeIfEmpty(folder: string): Promise<void> {
  try {
    await rmdir(folder);
  } catch (error) {
    if (!hasErrno(error, 'ENOTEMPTY', 'EEXIST', 'ENOENT')) throw error;
  }
}
