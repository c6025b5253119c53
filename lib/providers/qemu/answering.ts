import { readFile } from 'node:fs/promises';
import type { Clock } from '../../async/clock.ts';
import type { ProviderIo } from '../../contracts/provider.ts';
import { SwarmupError } from '../../util/errors.ts';
import { waitForSsh } from '../wait-for-ssh.ts';
import { sshOf, type Inventory } from './inventory.ts';
import type { Layout } from './layout.ts';
import type { MachineRecord } from './record.ts';

export interface Answering {
  readonly layout: Layout;
  readonly inventory: Inventory;
  readonly clock: Clock;
}

/** Waits until a machine that was started answers on SSH. @throws SwarmupError TIMED_OUT, or MACHINE_FAILED when it ended instead */
export async function untilAnswers(
  { layout, inventory, clock }: Answering,
  record: MachineRecord,
  io: ProviderIo,
): Promise<void> {
  const { name } = record;
  const { host, port } = sshOf(layout, record);
  await waitForSsh(
    {
      name,
      host,
      port,
      intervalMs: 250,
      clock,
      fix: `Its console shows how far it got: ${layout.console(name)}`,
      runs: async () => (await inventory.running()).has(name),
      ended: () => ended(layout, name),
    },
    io,
  );
}

async function ended(layout: Layout, name: string): Promise<SwarmupError> {
  // A machine that ended before any output has no console file.
  const console = await readFile(layout.console(name), 'latin1').catch(() => '');
  const lines = console.split('\n').filter((line) => line.trim() !== '');
  return new SwarmupError('MACHINE_FAILED', `${name}'s virtual machine ended while it started`, {
    fix: `Its console says why: ${layout.console(name)}. Run again to restart it.`,
    output: lines.slice(-10).join('\n'),
  });
}
