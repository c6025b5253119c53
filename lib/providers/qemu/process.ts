import { readFile } from 'node:fs/promises';
import type { Clock } from '../../async/clock.ts';
import { waitUntil } from '../../async/wait-until.ts';
import { startDetached, type DetachedStart } from '../../remote/detached.ts';
import { qmp, type QmpCommand } from '../../remote/qmp.ts';
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
  await untilAnswered(socket, [{ execute: 'query-status' }], {
    until: loading ? `the saved state of ${what} is loaded` : `QEMU answers for ${what}`,
    // It takes orders to run only when the state is loaded.
    accept: ([answer]) => !loading || JSON.stringify(answer).includes('"paused"'),
    stillRuns: async () => {
      const ended = started.ended();
      if (ended !== undefined) throw await failed(what, ended, start.log);
    },
    deadlineMs: loading ? LOAD_MS : ANSWER_MS,
    signal,
    clock,
    fix: `Read what QEMU printed: ${start.log}`,
  });
}

interface AnswerWait {
  readonly until: string;
  /** Whether these answers are what is waited for; default: any are. */
  readonly accept?: (answers: readonly unknown[]) => boolean;
  /** Throws when no answer can come any more. */
  readonly stillRuns?: () => Promise<void>;
  readonly deadlineMs: number;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  readonly fix: string;
}

/** Sends commands to a QEMU until it answers: it may still start, or answer another client. @throws SwarmupError TIMED_OUT */
export function untilAnswered(
  socket: string,
  commands: readonly QmpCommand[],
  { accept = () => true, stillRuns, ...wait }: AnswerWait,
): Promise<readonly unknown[]> {
  return waitUntil<readonly unknown[]>({
    probe: async () => {
      await stillRuns?.();
      try {
        const answers = await qmp(socket, commands);
        return accept(answers) ? { done: answers } : { seen: JSON.stringify(answers) };
      } catch (error) {
        if (!hasCode(error, 'MACHINE_FAILED')) throw error;
        return { seen: messageOf(error) };
      }
    },
    intervalMs: 20,
    ...wait,
  });
}

async function failed(what: string, how: string, log: string): Promise<SwarmupError> {
  const [, ...printed] = (await readFile(log, 'utf8')).trimEnd().split('\n');
  return new SwarmupError('MACHINE_FAILED', `QEMU ended when it was to run ${what}: ${how}`, {
    fix: 'QEMU says why in its last lines. Without hardware support, use provider.accelerator: tcg; if memory is short, lower provider.memory.',
    output: printed.slice(-10).join('\n'),
  });
}
