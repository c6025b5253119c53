import type { Readable, Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { interrupted } from '../util/errors.ts';
import type { Output } from '../contracts/output.ts';
import { BoundedOutput } from '../util/bounded-output.ts';
import { lineSplitter } from '../util/lines.ts';
import { guarded } from './deadline.ts';
import type { CommandChannel } from './transport.ts';

/** How long a command may take to end after an abort before its channel is closed, in milliseconds. */
export const ABORT_GRACE_MS = 2_000;

/** Where a command's output goes, and what ends the command. */
export interface Collecting {
  readonly onLine?: ((line: string) => void) | undefined;
  /** Gets the standard output. */
  readonly output?: Writable | undefined;
  /** Called when the output is too long to be kept as a whole. */
  readonly onCut: () => void;
  /** Called with the exception of a listener. */
  readonly fail: (error: unknown) => void;
}

/**
 * A command's output until its channel closes, at most its beginning and its end; undefined when the connection was
 * lost before the command ended.
 */
export function collect(channel: CommandChannel, to: Collecting): Promise<Output | undefined> {
  const { output, onCut, fail } = to;
  let exitCode: number | undefined;
  const piped = output && pipeline(channel, output, { end: false });
  // Whether all input was read is checked below, after the command has ended.
  piped?.catch(() => undefined);
  const stdout = keep(output ? undefined : channel, to);
  const stderr = keep(channel.stderr, to);
  // A command ended by a signal has no exit code; shells report such an end as 128 or more.
  channel.on('exit', (code: number | null) => (exitCode = code ?? 128));
  // The channel closes after an error, which then shows as the missing exit code.
  channel.on('error', () => undefined);
  const finish = () => {
    for (const { end } of [stdout, stderr]) end();
    if (stdout.kept.leftOut + stderr.kept.leftOut > 0) onCut();
    return exitCode === undefined ? undefined : { exitCode, stdout: stdout.kept.text(), stderr: stderr.kept.text() };
  };
  const closed = new Promise<Output | undefined>((resolve) => {
    channel.on(
      'close',
      guarded(() => resolve(finish()), fail),
    );
  });
  return piped ? Promise.all([closed, piped]).then(([result]) => result) : closed;
}

interface Kept {
  readonly kept: BoundedOutput;
  readonly end: () => void;
}

function keep(stream: Readable | undefined, { onLine, onCut, fail }: Collecting): Kept {
  const kept = new BoundedOutput();
  const lines = onLine && lineSplitter(onLine);
  const take = (chunk: Buffer) => {
    kept.add(chunk);
    if (kept.leftOut > 0) onCut();
    lines?.(chunk);
  };
  stream?.on('data', guarded(take, fail));
  return { kept, end: () => lines?.end() };
}

/** Writes a command's standard input, and ends it. @param first the beginning of the input */
export function feed(channel: CommandChannel, first = '', input: string | Readable = ''): void {
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
