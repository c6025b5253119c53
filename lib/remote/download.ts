import { createHash } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { mkdir, rename } from 'node:fs/promises';
import { dirname } from 'node:path';
import { Readable, Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { messageOf, SwarmupError } from '../util/errors.ts';
import type { Progress } from '../contracts/events.ts';
import { removeOwn } from '../util/remove.ts';

export interface Download {
  readonly url: string;
  readonly file: string;
  readonly checksum: { readonly algorithm: 'sha256' | 'sha512'; readonly hex: string };
  readonly signal: AbortSignal;
  readonly onProgress: (progress: Progress) => void;
}

const CONNECT_MS = 8_000;

/** The largest small text, in bytes: a list of checksums, the description of a release. */
const SMALL = 16 * 2 ** 20;
/** The largest file, in bytes, where the server doesn't say how large it is. */
const LARGEST = 64 * 2 ** 30;
/** A server that sends fewer bytes than this in a minute counts as silent. */
const FEWEST = 60_000;
const MINUTE_MS = 60_000;

/** @throws Error for a text that is larger than any that is expected */
async function smallText(response: Response): Promise<string> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of Readable.from(response.body ?? [])) {
    if (!(chunk instanceof Uint8Array)) continue;
    chunks.push(chunk);
    bytes += chunk.length;
    if (bytes > SMALL) throw new Error(`the answer is larger than ${SMALL / 2 ** 20} MiB`);
  }
  return Buffer.concat(chunks).toString('utf8');
}

/** A small text, or undefined when it can't be fetched: no network, or no such URL. */
export async function fetchText(url: string, signal: AbortSignal): Promise<string | undefined> {
  try {
    const response = await fetch(url, { signal: AbortSignal.any([signal, AbortSignal.timeout(CONNECT_MS)]) });
    return response.ok ? await smallText(response) : undefined;
  } catch (error) {
    signal.throwIfAborted();
    // Being offline isn't an error here: the caller has an alternative.
    if (error instanceof Error) return undefined;
    throw error;
  }
}

/**
 * Downloads a file and verifies its checksum; the file appears under its name only when it is complete and verified.
 */
export async function download({ url, file, checksum, signal, onProgress }: Download): Promise<void> {
  await mkdir(dirname(file), { recursive: true });
  const part = `${file}.${process.pid}.part`;
  const hash = createHash(checksum.algorithm);
  const speed = minimalSpeed();
  try {
    const until = AbortSignal.any([signal, speed.signal]);
    const response = await fetch(url, { signal: until });
    if (!response.ok || !response.body) throw new Error(`HTTP ${response.status} ${response.statusText}`);
    const total = Number(response.headers.get('content-length') ?? 0);
    // Of a compressed answer the header has another length.
    const most = total > 0 && !response.headers.has('content-encoding') ? total : LARGEST;
    let done = 0;
    const meter = new Transform({
      transform(chunk: Buffer, _encoding, next) {
        hash.update(chunk);
        done += chunk.length;
        speed.add(chunk.length);
        if (done > most) return next(new Error(`it is larger than the ${most} bytes expected`));
        onProgress({ done, total: Math.max(total, done) });
        return next(null, chunk);
      },
    });
    await pipeline(Readable.from(response.body), meter, createWriteStream(part), { signal: until });
  } catch (cause) {
    await removeOwn(part);
    signal.throwIfAborted();
    throw new SwarmupError(
      'DOWNLOAD_FAILED',
      `${url} can't be downloaded: ${messageOf(speed.signal.aborted ? speed.signal.reason : cause)}`,
      {
        fix: 'Check that the address can be reached from here, then run again.',
        cause,
      },
    );
  } finally {
    speed.end();
  }
  const actual = hash.digest('hex');
  if (actual !== checksum.hex) {
    await removeOwn(part);
    throw new SwarmupError(
      'CHECKSUM_MISMATCH',
      `${url} has the ${checksum.algorithm} ${actual}, expected ${checksum.hex}`,
      {
        fix: 'The download was damaged or the file was replaced. Run again; if it happens again, correct the checksum in the cluster file.',
      },
    );
  }
  await rename(part, file);
}

/** A signal that aborts when a minute brought next to nothing: such a download would never end. */
function minimalSpeed(): {
  readonly signal: AbortSignal;
  readonly add: (bytes: number) => void;
  readonly end: () => void;
} {
  const controller = new AbortController();
  let bytes = 0;
  const timer = setInterval(() => {
    if (bytes < FEWEST) controller.abort(new Error('the server sends next to nothing'));
    bytes = 0;
  }, MINUTE_MS);
  return { signal: controller.signal, add: (more) => void (bytes += more), end: () => clearInterval(timer) };
}
