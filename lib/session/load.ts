import { loadCluster as load } from '../config/load.ts';
import type { Cluster } from '../config/model.ts';
import { providerRegistry } from '../providers/index.ts';

export interface LoadOptions {
  /** The folder that relative paths start from; default: the current one. */
  readonly cwd?: string;
  /** The environment that `${VAR}` is looked up in; default: the process's. */
  readonly env?: Readonly<Record<string, string | undefined>>;
}

/**
 * Reads and validates a cluster file.
 *
 * @param file its path; default: swarmup.yaml in `cwd`, else the shipped config/local.yaml
 * @throws SwarmupError CONFIG_NOT_FOUND, CONFIG_INVALID with every mistake at once, or PATH_UNSAFE
 */
export function loadCluster(
  file?: string,
  { cwd = process.cwd(), env = process.env }: LoadOptions = {},
): Promise<Cluster> {
  return load({ file, cwd, env, providers: providerRegistry });
}
