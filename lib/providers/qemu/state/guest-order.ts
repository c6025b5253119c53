import { order } from '../../../remote/guest-port.ts';
import { SwarmupError } from '../../../util/errors.ts';
import type { Layout } from '../layout.ts';

/** What helps against every failure of a saved state. */
export const BOOT_INSTEAD = 'With provider.start: boot, machines start from their disks.';

/** The agent answers in 2 to 8 s under emulation; several machines on few processors take longer. */
const ANSWER_MS = 120_000;

/**
 * Has the agent in a machine carry out an order.
 *
 * @param what the failure, if it doesn't, as a sentence
 * @throws SwarmupError MACHINE_FAILED with the agent's own words
 */
export async function carryOut(
  layout: Layout,
  name: string,
  line: string,
  { what, signal }: { readonly what: string; readonly signal: AbortSignal },
): Promise<void> {
  const socketPath = layout.identitySocket(name);
  const answer = await order({ socketPath, line, deadlineMs: ANSWER_MS, signal, fix: BOOT_INSTEAD });
  if (answer !== 'done') throw new SwarmupError('MACHINE_FAILED', what, { fix: BOOT_INSTEAD, output: answer });
}
