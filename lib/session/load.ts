import { buffer } from 'node:stream/consumers';
import { loadCluster as load } from '../config/load.ts';
import type { Cluster } from '../config/model.ts';
import { providerRegistry } from '../providers/index.ts';

export interface LoadOptions {
  /** The folder that relative paths start from; default: the current one. */
  readonly cwd?: string;
  /** The environment that `${VAR}` is looked up in; default: the process's. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** The name of a cluster file that comes with swarmup, instead of a path. */
  readonly example?: string | undefined;
}

/**
 * Reads and validates a cluster file.
 *
 * @param file its path, or `-` for standard input; default: SWARMUP_FILE, else swarmup.yaml or swarmup.yml in `cwd` or a folder above it
 * @throws SwarmupError CONFIG_NOT_FOUND, CONFIG_INVALID with every mistake at once, or PATH_UNSAFE
 */
export function loadCluster(file?: string, options: LoadOptions = {}): Promise<Cluster> {
  return load(requestFor(file, options));
}

/** What is read, with the registry of providers. */
export function requestFor(
  file: string | undefined,
  { cwd = process.cwd(), env = process.env, example }: LoadOptions,
): Parameters<typeof load>[0] {
  return { file, example, cwd, env, providers: providerRegistry, stdin: () => buffer(process.stdin) };
}
