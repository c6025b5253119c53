import { createHash } from 'node:crypto';
import type { Writable } from 'node:stream';
import type { Part } from '../contracts/backup-request.ts';

/** A part while it is being read: hashed, and passed on. */
export class OpenPart {
  readonly number: number;
  readonly #to: Writable | undefined;
  readonly #hash = createHash('sha256');
  #bytes = 0;

  constructor(number: number, to: Writable | undefined) {
    this.number = number;
    this.#to = to;
  }

  async write(chunk: Uint8Array): Promise<void> {
    this.#hash.update(chunk);
    this.#bytes += chunk.length;
    const to = this.#to;
    if (to && !to.write(chunk)) await new Promise((resolve) => to.once('drain', resolve));
  }

  async close(): Promise<Omit<Part, 'name'>> {
    const to = this.#to;
    if (to) await new Promise<void>((resolve) => to.end(resolve));
    return { bytes: this.#bytes, sha256: this.#hash.digest('hex') };
  }
}
