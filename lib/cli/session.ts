import type { Cluster } from '../config/model.ts';
import type { RunCluster } from '../contracts/run-cluster.ts';
import type { Prompts } from '../contracts/prompts.ts';
import { askSecret, canAsk, confirm } from '../render/confirm.ts';
import { hostKeysTable } from '../render/host-keys.ts';
import { writeStderr } from '../render/output.ts';
import { loadCluster } from '../session/load.ts';
import { withSession as open, type OpenSession, type SessionOptions } from '../session/open.ts';
import { omitUndefined } from '../util/omit-undefined.ts';
import { listenForInterrupts } from './interrupts.ts';
import type { CommonOptions } from './options.ts';

/** The cluster file that the options name. */
export function clusterOf({ file }: Pick<CommonOptions, 'file'>): Promise<Cluster> {
  return loadCluster(file);
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
