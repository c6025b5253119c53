import { connect } from 'node:net';
import { z } from 'zod';
import { messageOf, SwarmupError } from '../util/errors.ts';
import { lineSplitter } from '../util/lines.ts';
import { guarded } from './deadline.ts';

/** How long QEMU may take for all commands, in milliseconds. */
const ANSWER_MS = 20_000;
/** The longest answer, in characters. */
const LONGEST = 4 * 2 ** 20;

/**
 * Sends commands to a QEMU process over its QMP socket, one after the other.
 * Source: QEMU Machine Protocol specification (greeting, qmp_capabilities, then commands).
 *
 * @returns the `return` value of each command
 * @throws SwarmupError MACHINE_FAILED with QEMU's own message
 */
export async function qmp(socketPath: string, commands: readonly QmpCommand[]): Promise<unknown[]> {
  const socket = connect({ path: socketPath });
  const late = () => socket.destroy(new Error(`no answer within ${ANSWER_MS / 1000} s`));
  const timer = setTimeout(late, ANSWER_MS);
  const results: unknown[] = [];
  const queue: QmpCommand[] = [{ execute: 'qmp_capabilities' }, ...commands];
  let sent: QmpCommand | undefined;
  const next = () => {
    sent = queue.shift();
    if (sent) socket.write(`${JSON.stringify(sent)}\n`);
    return sent !== undefined;
  };
  try {
    await new Promise<void>((resolve, reject) => {
      socket.on('error', reject);
      socket.on('close', () =>
        sent?.execute === 'quit' ? resolve() : reject(new Error('QEMU closed the connection')),
      );
      const onLine = (line: string) => {
        const message = messageSchema.parse(JSON.parse(line));
        if (message.error) throw new Error(`${sent?.execute}: ${message.error.desc}`);
        if (message.QMP === undefined && message.return === undefined) return;
        if (message.return !== undefined && sent?.execute !== 'qmp_capabilities') results.push(message.return);
        if (!next()) resolve();
      };
      const onLong = () => reject(new Error('its answer has no end'));
      // An answer that isn't JSON, or longer than any, fails this command only.
      socket.on('data', guarded(lineSplitter(onLine, { longest: LONGEST, onLong }), reject));
    });
  } catch (cause) {
    throw new SwarmupError('MACHINE_FAILED', `QEMU command failed over ${socketPath}: ${messageOf(cause)}`, {
      fix: "Check whether the machine still runs: 'swarmup status'. 'swarmup up' starts it again.",
      cause,
    });
  } finally {
    clearTimeout(timer);
    socket.destroy();
  }
  return results;
}

export interface QmpCommand {
  readonly execute: string;
  readonly arguments?: Readonly<Record<string, unknown>>;
}

const messageSchema = z.object({
  QMP: z.unknown().optional(),
  return: z.unknown().optional(),
  error: z.object({ desc: z.string() }).optional(),
});

/**
 * A command of QEMU's human monitor, for operations without a QMP command. It answers with a text, which is empty on
 * success.
 */
export function monitor(line: string): QmpCommand {
  return { execute: 'human-monitor-command', arguments: { 'command-line': line } };
}
