import { connect } from 'node:net';
import { messageOf, SwarmupError } from '../util/errors.ts';

export interface Order {
  /** The UNIX socket that QEMU gives a virtio-serial port of the guest. */
  readonly socketPath: string;
  /** One line, without its end. */
  readonly line: string;
  readonly deadlineMs: number;
  readonly signal: AbortSignal;
  /** What to do when the guest doesn't answer. */
  readonly fix: string;
}

/** More than any answer; a guest that says more than this isn't answering. */
const MOST = 4096;

/**
 * Gives a guest an order over a virtio-serial port, and waits for its answer: one line.
 *
 * @returns the answer, as the guest wrote it: it is untrusted
 * @throws SwarmupError MACHINE_FAILED when the guest doesn't answer in time or QEMU closes the port
 */
export async function order({ socketPath, line, deadlineMs, signal, fix }: Order): Promise<string> {
  const socket = connect({ path: socketPath, signal });
  let late: () => void = () => undefined;
  // For the whole answer: a guest may send a byte now and then.
  const timer = setTimeout(() => late(), deadlineMs);
  try {
    return await new Promise<string>((resolve, reject) => {
      let text = '';
      late = () => reject(new Error(`no answer within ${deadlineMs / 1000} s`));
      socket.on('error', reject);
      socket.on('close', () => reject(new Error('QEMU closed the port')));
      socket.on('data', (chunk) => {
        text += chunk.toString('latin1');
        const end = text.indexOf('\n');
        if (end >= 0) resolve(text.slice(0, end));
        else if (text.length > MOST) reject(new Error('the answer has no end'));
      });
      socket.write(`${line}\n`);
    });
  } catch (cause) {
    signal.throwIfAborted();
    throw new SwarmupError('MACHINE_FAILED', `the guest did not answer on ${socketPath}: ${messageOf(cause)}`, {
      fix,
      cause,
    });
  } finally {
    clearTimeout(timer);
    socket.destroy();
  }
}
