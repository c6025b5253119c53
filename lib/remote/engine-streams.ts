import { Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { z } from 'zod';
import type { OnLogLine, ProgressMessage } from '../contracts/engine.ts';
import { messageOf } from '../util/errors.ts';
import { lineSplitter, type LineSplitter } from '../util/lines.ts';

/** The longest progress message, in characters. */
const LONGEST = 2 ** 20;

const text = z.string().optional().catch(undefined);
const figure = z.number().optional().catch(undefined);
const messageSchema = z.object({
  id: text,
  status: text,
  stream: text,
  error: text,
  progressDetail: z.object({ current: figure, total: figure }).optional().catch(undefined),
});

/**
 * Reads a stream of JSON messages, one per line, to its end. None is kept: an engine may send them without end.
 *
 * @throws Error with the message of the first error in the stream, or for a line that isn't JSON
 */
export async function readProgress(
  stream: NodeJS.ReadableStream,
  onMessage: (message: ProgressMessage) => void,
): Promise<void> {
  let failed: string | undefined;
  const lines = lineSplitter(
    (line) => {
      const message = messageSchema.parse(parsed(line));
      failed ??= message.error;
      onMessage(message);
    },
    { longest: LONGEST, onLong: endless },
  );
  await pipeline(stream, sinkOf(lines));
  lines.end();
  if (failed !== undefined) throw new Error(failed);
}

function endless(): never {
  throw new Error('the engine sent a progress message without end');
}

function parsed(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch (error) {
    throw new Error(`the engine sent a progress message that is not JSON: ${messageOf(error)}`, { cause: error });
  }
}

/** The header of a frame: its source, three zeros, and its length. */
const HEADER = 8;
const SOURCES = ['stdout', 'stdout', 'stderr'] as const;

/**
 * Reads what containers printed, line by line, to its end or until the signal. The output of a terminal has no frames.
 * Frames are passed on as they arrive, whatever length they announce. Source: the Engine API, "Stream format".
 */
export async function readSources(
  stream: NodeJS.ReadableStream,
  signal: AbortSignal,
  onLine: OnLogLine,
): Promise<void> {
  const splitters = {
    stdout: lineSplitter((line) => onLine('stdout', line), { exact: true }),
    stderr: lineSplitter((line) => onLine('stderr', line), { exact: true }),
  };
  try {
    await pipeline(stream, sinkOf(demultiplexer(splitters)), { signal });
  } catch (error) {
    if (!signal.aborted) throw error;
  }
  splitters.stdout.end();
  splitters.stderr.end();
}

function demultiplexer(to: Readonly<Record<'stdout' | 'stderr', LineSplitter>>): (chunk: Buffer) => void {
  let header = Buffer.alloc(0);
  let left = 0;
  let raw = false;
  return (chunk) => {
    let rest = chunk;
    while (rest.length > 0) {
      if (raw) return to.stdout(rest);
      if (left === 0) {
        const missing = HEADER - header.length;
        header = Buffer.concat([header, rest.subarray(0, missing)]);
        rest = rest.subarray(missing);
        raw = !isHeader(header);
        if (raw) to.stdout(header);
        else if (header.length === HEADER) left = header.readUInt32BE(4);
        if (left === 0 && header.length === HEADER) header = Buffer.alloc(0);
        continue;
      }
      const source = SOURCES[header[0] ?? 1] ?? 'stdout';
      to[source](rest.subarray(0, left));
      const taken = Math.min(left, rest.length);
      left -= taken;
      rest = rest.subarray(taken);
      if (left === 0) header = Buffer.alloc(0);
    }
    return undefined;
  };
}

/** Whether this may be a header, or the beginning of one. */
function isHeader(bytes: Buffer): boolean {
  return (bytes[0] ?? 0) <= 2 && bytes.subarray(1, 4).every((byte) => byte === 0);
}

function sinkOf(take: (chunk: Buffer) => void): Writable {
  return new Writable({
    write: (chunk: Buffer, _encoding, done) => {
      try {
        take(chunk);
        done();
      } catch (error) {
        done(error instanceof Error ? error : new Error(messageOf(error)));
      }
    },
  });
}
