import type { Clock } from '../../clock.ts';
import { waitUntil } from '../../wait.ts';
import type { ProviderIo } from '../provider.ts';

/** How long a machine may take until its SSH server greets, in milliseconds; emulated on a busy computer that is minutes. */
const BOOT_MS = 600_000;
/** An emulated guest that has not come up by then hangs; once in some hundred starts one does. */
const RESET_AFTER_MS = 240_000;

export interface Booting {
  readonly name: string;
  /** What its SSH server says, or what happened instead. */
  readonly greeting: (signal: AbortSignal) => Promise<{ banner: string } | { problem: string }>;
  /** @throws when the machine has ended */
  readonly assertAlive: () => Promise<void>;
  /** Starts the guest again, as its reset button would. */
  readonly reset: () => Promise<void>;
  /** Where its console is kept. */
  readonly console: string;
  readonly clock: Clock;
}

/** Waits until a machine's SSH server greets. One that hangs on the way is reset, once, and a warning says so. */
export async function untilGreeted(
  { name, greeting, assertAlive, reset, console, clock }: Booting,
  io: ProviderIo,
): Promise<void> {
  const start = clock.now();
  let wasReset = false;
  await waitUntil({
    until: `${name} answers on SSH`,
    probe: async (signal) => {
      const result = await greeting(signal);
      if ('banner' in result && result.banner.startsWith('SSH-2.0')) return { done: undefined };
      await assertAlive();
      if (!wasReset && clock.now() - start >= RESET_AFTER_MS) {
        wasReset = true;
        io.warn(
          `${name} did not come up in ${RESET_AFTER_MS / 60_000} minutes and was reset (its console: ${console})`,
        );
        await reset();
      }
      return { seen: 'banner' in result ? `'${result.banner}'` : result.problem };
    },
    deadlineMs: BOOT_MS,
    intervalMs: 250,
    signal: io.signal,
    clock,
    fix: `Its console says how far it came: ${console}`,
    onSeen: () => io.report('booting'),
  });
}
