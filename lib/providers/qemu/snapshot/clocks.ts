import { allEnded } from '../../../async/all-ended.ts';
import type { Clock } from '../../../async/clock.ts';
import { SshHost } from '../../../remote/ssh.ts';
import { asSwarmupError } from '../../../util/errors.ts';
import { sshOf } from '../inventory.ts';
import type { Layout } from '../layout.ts';
import type { MachineRecord } from '../record.ts';

/** How long machines may take until their clocks are set. */
export const CLOCKS_MS = 120_000;

export interface Connecting {
  readonly layout: Layout;
  readonly signal: AbortSignal;
}

/** Runs work with a connection to each machine, and closes them in any case. */
export async function withHosts<T>(
  { layout, signal }: Connecting,
  records: readonly MachineRecord[],
  work: (hosts: readonly SshHost[]) => Promise<T>,
): Promise<T> {
  const emit = () => undefined;
  const opened = await Promise.allSettled(
    records.map((record) => SshHost.connect(record.name, sshOf(layout, record), { emit, signal })),
  );
  const hosts = opened.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []));
  try {
    const failed = opened.find((one) => one.status === 'rejected');
    if (failed) throw asSwarmupError(failed.reason);
    return await work(hosts);
  } finally {
    for (const host of hosts) host.close();
  }
}

/** A machine's clock stands still while it is paused or saved: sets it to the time of this computer. */
export async function setClocks(hosts: readonly SshHost[], clock: Clock, signal: AbortSignal): Promise<void> {
  await allEnded(
    hosts.map((host) => host.run(['date', '--utc', '--set', `@${(clock.now() / 1000).toFixed(3)}`], { signal })),
  );
}
