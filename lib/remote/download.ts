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

/** A small text, or undefined when it can't be fetched: no network, or no such URL. */
export async function fetchText(url: string, signal: AbortSignal): Promise<string | undefined> {
  try {
    const response = await fetch(url, { signal: AbortSignal.any([signal, AbortSignal.timeout(CONNECT_MS)]) });
    return response.ok ? await response.text() : undefined;
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
  try {
    const response = await fetch(url, { signal });
    if (!response.ok || !response.body) throw new Error(`HTTP ${response.status} ${response.statusText}`);
    const total = Number(response.headers.get('content-length') ?? 0);
    let done = 0;
    const meter = new Transform({
      transform(chunk: Buffer, _encoding, next) {
        hash.update(chunk);
        done += chunk.length;
        onProgress({ done, total: Math.max(total, done) });
        next(null, chunk);
      },
    });
    await pipeline(Readable.from(response.body), meter, createWriteStream(part), { signal });
  } catch (cause) {
    await removeOwn(part);
    signal.throwIfAborted();
    throw new SwarmupError('DOWNLOAD_FAILED', `${url} can't be downloaded: ${messageOf(cause)}`, {
      fix: 'Check that the address can be reached from here, then run again.',
      cause,
    });
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
