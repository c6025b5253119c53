import { stat } from 'node:fs/promises';
import envPaths from 'env-paths';

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
