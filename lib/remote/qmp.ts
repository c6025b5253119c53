import { connect } from 'node:net';
import { createInterface } from 'node:readline';
import { messageOf, SwarmupError } from '../util/errors.ts';

const ANSWER_MS = 20_000;

/**
 * Sends commands to a QEMU process over its QMP socket, one after the other.
 * Source: QEMU Machine Protocol specification (greeting, qmp_capabilities, then commands).
 *
 * @returns the `return` value of each command
 * @throws SwarmupError MACHINE_FAILED with QEMU's own message
 */
export async function qmp(socketPath: string, commands: readonly QmpCommand[]): Promise<unknown[]> {
  const socket = connect({ path: socketPath });
  socket.setTimeout(ANSWER_MS, () => socket.destroy(new Error(`no answer within ${ANSWER_MS / 1000} s`)));
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
      createInterface({ input: socket })
        .on('line', (line) => {
          const message: QmpMessage = JSON.parse(line);
          if (message.error) return reject(new Error(`${sent?.execute}: ${message.error.desc}`));
          if (message.QMP === undefined && message.return === undefined) return;
          if (message.return !== undefined && sent?.execute !== 'qmp_capabilities') results.push(message.return);
          if (!next()) resolve();
        })
        // readline forwards the socket's error, which the listener above has already handled.
        .on('error', () => undefined);
    });
  } catch (cause) {
    throw new SwarmupError('MACHINE_FAILED', `QEMU command failed over ${socketPath}: ${messageOf(cause)}`, {
      fix: "Check whether the machine still runs: 'swarmup status'. 'swarmup up' starts it again.",
      cause,
    });
  } finally {
    socket.destroy();
  }
  return results;
}

export interface QmpCommand {
  readonly execute: string;
  readonly arguments?: Readonly<Record<string, unknown>>;
}

interface QmpMessage {
  readonly QMP?: unknown;
  readonly return?: unknown;
  readonly event?: string;
  readonly error?: { readonly desc: string };
}

/**
 * A command of QEMU's human monitor, for operations without a QMP command. It answers with a text, which is empty on
 * success.
 */
export function monitor(line: string): QmpCommand {
  return { execute: 'human-monitor-command', arguments: { 'command-line': line } };
}
