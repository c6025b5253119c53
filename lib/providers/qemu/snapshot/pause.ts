import { z } from 'zod';
import { allEnded } from '../../../async/all-ended.ts';
import type { Clock } from '../../../async/clock.ts';
import { waitUntil } from '../../../async/wait-until.ts';
import { qmp } from '../../../remote/qmp.ts';
import type { Inventory } from '../inventory.ts';

/** Where machines are told to pause and to run. */
type Sockets = Pick<Inventory, 'qmpSocket'>;

const STOPPED_MS = 60_000;
/** Source: QEMU, qapi/run-state.json. A machine that is paused, or was after its state was saved. */
const PAUSED: readonly string[] = ['paused', 'postmigrate', 'finish-migrate'];
/** Source: QEMU, qapi/migration.json. Nothing is being saved, or no longer. */
const IDLE: readonly string[] = ['none', 'completed', 'failed', 'cancelled'];

const status = z.object({ status: z.string().default('none') });

/** Pauses machines at the same moment, as nearly as possible: they are told all at once. */
export async function pauseAll(sockets: Sockets, names: readonly string[]): Promise<void> {
  await tellAll(sockets, names, 'stop');
}

/** Lets machines run at the same moment. */
export async function runAll(sockets: Sockets, names: readonly string[]): Promise<void> {
  await tellAll(sockets, names, 'cont');
}

/** Finds all of them first, so that they are told at the same moment. */
async function tellAll(sockets: Sockets, names: readonly string[], execute: 'stop' | 'cont'): Promise<void> {
  const paths = await Promise.all(names.map((name) => sockets.qmpSocket(name)));
  await allEnded(paths.map((path) => qmp(path, [{ execute }])));
}

export async function isPaused(sockets: Sockets, name: string): Promise<boolean> {
  const [answer] = await qmp(await sockets.qmpSocket(name), [{ execute: 'query-status' }]);
  return PAUSED.includes(status.parse(answer).status);
}

/**
 * Lets paused machines run again, even while they are being saved. Once a machine is saved, its disk belongs to whatever loads the
 * state; `cont` returns it to the machine. Source: QEMU, qmp_cont.
 */
export async function resumeAll(sockets: Sockets, names: readonly string[], clock: Clock): Promise<void> {
  // It must happen after an interrupt too.
  const { signal } = new AbortController();
  await allEnded(names.map((name) => untilIdle(sockets, name, { clock, signal })));
  await runAll(sockets, names);
}

async function untilIdle(
  sockets: Sockets,
  name: string,
  { clock, signal }: { readonly clock: Clock; readonly signal: AbortSignal },
): Promise<void> {
  const socket = await sockets.qmpSocket(name);
  await qmp(socket, [{ execute: 'migrate_cancel' }]);
  await waitUntil({
    until: `${name} is no longer being saved`,
    probe: async () => {
      const [answer] = await qmp(socket, [{ execute: 'query-migrate' }]);
      const { status: seen } = status.parse(answer);
      return IDLE.includes(seen) ? { done: undefined } : { seen };
    },
    deadlineMs: STOPPED_MS,
    intervalMs: 20,
    signal,
    clock,
    fix: `The machine is paused. 'swarmup up' tries again to let it run.`,
  });
}
