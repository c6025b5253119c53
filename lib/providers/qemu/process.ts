import { readFile } from 'node:fs/promises';
import type { Clock } from '../../async/clock.ts';
import { waitUntil } from '../../async/wait-until.ts';
import { startDetached, type DetachedStart } from '../../remote/detached.ts';
import { qmp } from '../../remote/qmp.ts';
import { hasCode, messageOf, SwarmupError } from '../../util/errors.ts';
import { launchArgs, type Platform } from './launch.ts';
import type { Layout } from './layout.ts';
import type { MachineRecord } from './record.ts';
import { checkedSocket, removeSockets } from './sockets.ts';

const ANSWER_MS = 60_000;
/** While QEMU loads a saved state, which is read at the speed of the disk, it may answer nothing. */
const LOAD_MS = 300_000;

export interface QemuStart {
  readonly layout: Layout;
  readonly record: MachineRecord;
  readonly platform: Platform;
  /** A file with the state of a saved machine, which this one then continues. It is paused at first. */
  readonly memory?: string;
  readonly clock: Clock;
  readonly signal: AbortSignal;
}

/**
 * Starts QEMU for a machine, and waits until it answers on its QMP socket; with a saved state, until it is loaded.
 *
 * @throws SwarmupError MACHINE_FAILED with QEMU's own words
 */
export async function startQemu({ layout, record, platform, memory, clock, signal }: QemuStart): Promise<void> {
  const { name } = record;
  const socket = await checkedSocket(layout.qmpSocket(name));
  await removeSockets(layout.socketsOf(name));
  const argv = [...launchArgs(layout, record, platform), ...(memory === undefined ? [] : ['-incoming', 'fd:3'])];
  const input = memory === undefined ? {} : { input: memory };
  await startAnswering({ argv, log: layout.log(name), socket, what: name, clock, signal, ...input });
}

interface AnsweringStart extends DetachedStart {
  /** Its QMP socket. */
  readonly socket: string;
  /** What it runs. */
  readonly what: string;
  readonly clock: Clock;
  readonly signal: AbortSignal;
}

/**
 * Starts a QEMU, and waits until it answers on its QMP socket; with a saved state as its input, until it is loaded.
 *
 * @throws SwarmupError MACHINE_FAILED with QEMU's own words
 */
export async function startAnswering({ socket, what, clock, signal, ...start }: AnsweringStart): Promise<void> {
  const started = await startDetached(start);
  const loading = start.input !== undefined;
  await waitUntil({
    until: loading ? `the saved state of ${what} is loaded` : `QEMU answers for ${what}`,
    probe: async () => {
      const ended = started.ended();
      if (ended !== undefined) throw await failed(what, ended, start.log);
      try {
        const [answer] = await qmp(socket, [{ execute: 'query-status' }]);
        const seen = JSON.stringify(answer);
        // It takes orders to run only then.
        return !loading || seen.includes('"paused"') ? { done: undefined } : { seen };
      } catch (error) {
        if (!hasCode(error, 'MACHINE_FAILED')) throw error;
        return { seen: messageOf(error) };
      }
    },
    deadlineMs: loading ? LOAD_MS : ANSWER_MS,
    intervalMs: 20,
    signal,
    clock,
    fix: `Read what QEMU printed: ${start.log}`,
  });
}

async function failed(what: string, how: string, log: string): Promise<SwarmupError> {
  const [, ...printed] = (await readFile(log, 'utf8')).trimEnd().split('\n');
  return new SwarmupError('MACHINE_FAILED', `QEMU ended when it was to run ${what}: ${how}`, {
    fix: 'The error of QEMU is below. Without hardware support, use provider.accelerator: tcg; if memory is short, lower provider.memory.',
    output: printed.slice(-10).join('\n'),
  });
}
