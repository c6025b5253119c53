import { PassThrough } from 'node:stream';
import { allEnded } from '../../../async/all-ended.ts';
import type { Clock } from '../../../async/clock.ts';
import { waitUntil } from '../../../async/wait-until.ts';
import type { Host } from '../../../contracts/host.ts';
import { SshHost } from '../../../remote/ssh.ts';
import { asSwarmupError, hasCode, messageOf } from '../../../util/errors.ts';
import { sshOf } from '../inventory.ts';
import type { Layout } from '../layout.ts';
import type { MachineRecord } from '../record.ts';

/** How long machines may take until their clocks are set. */
const CLOCKS_MS = 120_000;

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

/** The time is read only once the shell is ready: on a busy computer it takes seconds to start one. */
const SET = 'echo ready; read -r time && date --utc --set "@$time"';

/** A machine's clock stands still while it is paused or saved: sets it to the time of this computer. */
export async function setClocks(hosts: readonly Pick<Host, 'run'>[], clock: Clock, signal: AbortSignal): Promise<void> {
  await allEnded(
    hosts.map((host) => {
      const input = new PassThrough();
      const onLine = (line: string) => {
        if (line === 'ready') input.end(`${(clock.now() / 1000).toFixed(3)}\n`);
      };
      return host.run(['sh', '-c', SET], { input, onLine, signal });
    }),
  );
}

/** The same for machines that nobody is connected to, such as restored ones, which have much to catch up with at first. */
export async function connectAndSetClocks(
  { layout, signal }: Connecting,
  records: readonly MachineRecord[],
  clock: Clock,
): Promise<void> {
  await allEnded(
    records.map((record) =>
      waitUntil({
        until: `the clock of ${record.name} is set`,
        probe: async (until) => {
          try {
            await withHosts({ layout, signal: until }, [record], (hosts) => setClocks(hosts, clock, until));
            return { done: undefined };
          } catch (error) {
            if (!hasCode(error, 'SSH_CONNECTION_LOST', 'SSH_UNREACHABLE')) throw error;
            return { seen: messageOf(error) };
          }
        },
        deadlineMs: CLOCKS_MS,
        intervalMs: 250,
        signal,
        clock,
        fix: `Its console may show what it does: ${layout.console(record.name)}`,
      }),
    ),
  );
}
