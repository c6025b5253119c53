import type { Readable, Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { ClientChannel } from 'ssh2';
import { interrupted } from '../util/errors.ts';
import type { Output } from '../contracts/output.ts';

/** How long a command may take to end after an abort before its channel is closed, in milliseconds. */
export const ABORT_GRACE_MS = 2_000;

/** A command's output until its channel closes; undefined when the connection was lost before the command ended. */
export function collect(
  channel: ClientChannel,
  onChunk: ((chunk: Buffer) => void) | undefined,
  output?: Writable,
): Promise<Output | undefined> {
  const stdout: Buffer[] = [];
  const stderr: Buffer[] = [];
  let exitCode: number | undefined;
  const piped = output && pipeline(channel, output, { end: false });
  // Whether all input was read is checked below, after the command has ended.
  piped?.catch(() => undefined);
  if (!output)
    channel.on('data', (chunk: Buffer) => {
      stdout.push(chunk);
      onChunk?.(chunk);
    });
  channel.stderr.on('data', (chunk: Buffer) => {
    stderr.push(chunk);
    onChunk?.(chunk);
  });
  // A command ended by a signal has no exit code; shells report such an end as 128 or more.
  channel.on('exit', (code: number | null) => (exitCode = code ?? 128));
  const closed = new Promise<Output | undefined>((resolve) => {
    channel.on('close', () => {
      const text = (chunks: Buffer[]) => Buffer.concat(chunks).toString('utf8');
      resolve(exitCode === undefined ? undefined : { exitCode, stdout: text(stdout), stderr: text(stderr) });
    });
  });
  return piped ? Promise.all([closed, piped]).then(([result]) => result) : closed;
}

/** Writes a command's standard input, and ends it. @param first the beginning of the input */
export function feed(channel: ClientChannel, first = '', input: string | Readable = ''): void {
  if (typeof input === 'string') {
    channel.end(`${first}${input}`);
    return;
  }
  channel.write(first);
  // A command that fails stops reading early; its exit code shows the failure.
  pipeline(input, channel).catch(() => channel.close());
}

/** Rejects some time after an abort, for commands that ignore the signal. */
export function goneAfterAbort(signal: AbortSignal): Promise<never> {
  return new Promise((_resolve, reject) => {
    const onAbort = () => setTimeout(() => reject(interrupted(signal.reason)), 2 * ABORT_GRACE_MS).unref();
    if (signal.aborted) onAbort();
    else signal.addEventListener('abort', onAbort, { once: true });
  });
}
