import type { Clock } from '../async/clock.ts';
import type { SwarmupError } from '../util/errors.ts';
import { readBanner } from '../remote/sockets.ts';
import { waitUntil } from '../async/wait-until.ts';
import type { ProviderIo } from '../contracts/provider.ts';

const BOOT_MS = 420_000;

/** A machine that boots. */
export interface Booting {
  readonly name: string;
  /** Where its SSH server will be. */
  readonly host: string;
  readonly port: number;
  readonly intervalMs: number;
  readonly clock: Clock;
  /** What to check when it takes too long. */
  readonly fix: string;
  readonly runs: () => Promise<boolean>;
  /** The error when it ended instead. */
  readonly ended: () => SwarmupError | Promise<SwarmupError>;
}

/**
 * Waits until a machine's SSH server greets.
 * @throws SwarmupError TIMED_OUT, or `ended` when the machine no longer runs
 */
export async function waitForSsh(machine: Booting, io: ProviderIo): Promise<void> {
  const { name, host, port, intervalMs, clock, fix } = machine;
  await waitUntil({
    until: `${name} answers on SSH`,
    probe: async (signal) => {
      const result = await readBanner(host, port, 5_000, signal);
      if ('banner' in result && result.banner.startsWith('SSH-2.0')) return { done: undefined };
      if (!(await machine.runs())) throw await machine.ended();
      return { seen: 'banner' in result ? `'${result.banner}'` : result.problem };
    },
    deadlineMs: BOOT_MS,
    intervalMs,
    signal: io.signal,
    clock,
    fix,
    onSeen: () => io.report('booting'),
  });
}
