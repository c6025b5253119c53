import type { Cluster } from '../config/model.ts';
import { understood } from '../config/understood.ts';
import { providerSchema } from '../providers/index.ts';
import { loadCluster } from './load.ts';

/** A cluster, and its file as swarmup understands it: variables replaced, defaults filled in, secrets as `***`. */
export async function understandCluster(
  file: string | undefined,
): Promise<{ readonly cluster: Cluster; readonly file: Readonly<Record<string, unknown>> }> {
  const cluster = await loadCluster(file);
  return { cluster, file: await understood(cluster.file, process.env, providerSchema) };
}
