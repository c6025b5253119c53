import { systemClock } from '../async/clock.ts';
import type { Cluster } from '../config/model.ts';
import type { Provider } from '../contracts/provider.ts';
import { loadProvider } from '../providers/index.ts';
import { localCommands } from '../remote/local.ts';
import { loadCluster } from '../session/load.ts';

/**
 * Reads a cluster file and creates its provider, like every command. No package is installed.
 *
 * @param file its path
 * @throws SwarmupError CONFIG_NOT_FOUND, CONFIG_INVALID, and the provider's errors
 */
export async function openCluster(
  file: string,
  env: Readonly<Record<string, string | undefined>> = process.env,
): Promise<{ readonly cluster: Cluster; readonly provider: Provider }> {
  const cluster = await loadCluster(file, { env });
  const create = await loadProvider(cluster.provider);
  const local = localCommands(() => undefined, env);
  return { cluster, provider: await create({ cluster, clock: systemClock, local, env, mayInstall: false }) };
}
