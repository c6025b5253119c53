import { basename, dirname, resolve } from 'node:path';
import type { Cluster } from '../config/model.ts';
import { shippedConfig } from '../config/source.ts';
import type { RunCluster } from '../contracts/run-cluster.ts';
import type { Prompts } from '../contracts/prompts.ts';
import { askSecret, canAsk, confirm } from '../render/confirm.ts';
import { hostKeysTable } from '../render/host-keys.ts';
import { writeStderr } from '../render/output.ts';
import { loadCluster } from '../session/load.ts';
import { withSession as open, type OpenSession, type SessionOptions } from '../session/open.ts';
import { omitUndefined } from '../util/omit-undefined.ts';
import { visibleLine } from '../util/visible.ts';
import { listenForInterrupts } from './interrupts.ts';
import { shortPath } from './short-path.ts';
import type { CommonOptions } from './options.ts';

type FileOptions = Pick<CommonOptions, 'file' | 'example' | 'renderer'>;

/** The cluster that the options name, or whose file is found; a file that isn't obvious is announced. */
export async function clusterOf(options: FileOptions): Promise<Cluster> {
  const cluster = await loadCluster(options.file, { example: options.example });
  if (!isObvious(cluster, options)) announceFile(cluster, options);
  return cluster;
}

/** The same for a run, which always says which file it uses. */
export async function runClusterOf(options: FileOptions): Promise<Cluster> {
  const cluster = await loadCluster(options.file, { example: options.example });
  announceFile(cluster, options);
  return cluster;
}

function isObvious(cluster: Cluster, { file }: FileOptions): boolean {
  return file !== undefined || dirname(cluster.file) === process.cwd();
}

function announceFile({ file }: Cluster, { renderer }: FileOptions): void {
  if (renderer === 'silent') return;
  const name = basename(file);
  const isExample = resolve(dirname(file)) === resolve(shippedConfig);
  const words = isExample ? `${name}, an example that comes with swarmup` : visibleLine(shortPath(file));
  writeStderr(`Cluster file: ${name === '-' ? 'standard input' : words}\n`);
}

export interface CommandSession extends Pick<SessionOptions, 'asRoot' | 'listeners' | 'onSecret'> {
  /** The answer to "may this be installed?" */
  readonly yes?: boolean | undefined;
  readonly acceptNew?: boolean | undefined;
}

/** A session that asks on the terminal and ends with the first interrupt. */
export async function withSession<T>(
  cluster: RunCluster,
  { yes, acceptNew, asRoot, listeners, onSecret }: CommandSession,
  work: (session: OpenSession) => Promise<T>,
): Promise<T> {
  const interrupts = listenForInterrupts();
  const prompts = canAsk() ? TERMINAL : undefined;
  const optional = omitUndefined({ mayInstall: yes, acceptNew, asRoot, listeners, onSecret, prompts });
  try {
    return await open(cluster, { signal: interrupts.signal, ...optional }, work);
  } finally {
    interrupts.stop();
  }
}

const TERMINAL: Prompts = {
  acceptHostKeys: (keys) => {
    writeStderr(hostKeysTable(keys));
    return confirm('Are these keys correct (compare: ssh-keygen -lf on the server)? They will be pinned.');
  },
  sudoPassword: ({ users, hosts }) => askSecret(`sudo password of ${users.join(', ')} on ${hosts.join(', ')}:`),
};
