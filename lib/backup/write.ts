import { createWriteStream } from 'node:fs';
import { rename } from 'node:fs/promises';
import { PassThrough, type Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { Encrypter, generateX25519Identity, identityToRecipient } from 'age-encryption';
import { pack, type Pack } from 'tar-stream';
import { removeOwn } from '../util/remove.ts';
import { Secret } from '../util/secret.ts';
import type { Key, Lock, Manifest, Part } from '../contracts/backup-request.ts';
import { MANIFEST } from './manifest.ts';
import { OpenPart } from './open-part.ts';
import { readBackup } from './read.ts';
import { bytes, webStream } from './streams.ts';

const PIECE = 4 * 2 ** 20;

/** Accepts the parts of a back-up, one after another. */
export interface BackupWriter {
  /** @param fill writes the whole part into the stream it gets */
  add(name: string, fill: (into: Writable) => Promise<void>): Promise<void>;
}

/**
 * Writes a back-up, and reads it again to verify it: the file appears only once it has been found good.
 *
 * @param compose adds the parts, and returns the rest of the manifest
 * @throws SwarmupError BACKUP_INVALID when what was written can't be read
 */
export async function writeBackup(
  file: string,
  lock: Lock,
  compose: (writer: BackupWriter) => Promise<Omit<Manifest, 'parts'>>,
): Promise<Manifest> {
  const unfinished = `${file}.part`;
  try {
    const { encrypter, key } = await encrypterFor(lock);
    const archive = pack();
    const encrypted = await encrypter.encrypt(webStream(archive));
    const written = pipeline(encrypted, createWriteStream(unfinished, { mode: 0o600 }));
    const composed = fillArchive(archive, compose).catch((error: unknown) => {
      archive.destroy(error instanceof Error ? error : new Error(String(error)));
      throw error;
    });
    const [, manifest] = await Promise.all([written.catch(() => undefined), composed]);
    await written;
    await readBackup(unfinished, key);
    await rename(unfinished, file);
    return manifest;
  } catch (error) {
    await removeOwn(unfinished);
    throw error;
  }
}

async function fillArchive(
  archive: Pack,
  compose: (writer: BackupWriter) => Promise<Omit<Manifest, 'parts'>>,
): Promise<Manifest> {
  const parts: Part[] = [];
  const entry = (name: string, data: Buffer) =>
    new Promise<void>((resolve, reject) => {
      archive.entry({ name, size: data.length, mode: 0o600 }, data, (error) => (error ? reject(error) : resolve()));
    });
  const add: BackupWriter['add'] = async (name, fill) => {
    const into = new PassThrough();
    const part = new OpenPart(parts.length, undefined);
    const pieces = new Pieces((data, piece) => entry(`parts/${part.number}/${String(piece).padStart(6, '0')}`, data));
    const take = async () => {
      for await (const chunk of bytes(into)) {
        await part.write(chunk);
        await pieces.add(chunk);
      }
      await pieces.end();
    };
    const taken = take();
    // It is awaited below; a failure of what fills it is reported first.
    taken.catch(() => undefined);
    await fill(into);
    into.end();
    await taken;
    parts.push({ ...(await part.close()), name });
  };
  const manifest = { ...(await compose({ add })), parts };
  await entry(MANIFEST, Buffer.from(JSON.stringify(manifest)));
  archive.finalize();
  return manifest;
}

/** Data in pieces of one size: a tar archive has the size of each entry before its content. */
class Pieces {
  readonly #write: (data: Buffer, piece: number) => Promise<void>;
  #held: Uint8Array[] = [];
  #size = 0;
  #count = 0;

  constructor(write: (data: Buffer, piece: number) => Promise<void>) {
    this.#write = write;
  }

  async add(chunk: Uint8Array): Promise<void> {
    this.#held.push(chunk);
    this.#size += chunk.length;
    if (this.#size >= PIECE) await this.#flush();
  }

  async end(): Promise<void> {
    if (this.#size > 0 || this.#count === 0) await this.#flush();
  }

  async #flush(): Promise<void> {
    const data = Buffer.concat(this.#held);
    this.#held = [];
    this.#size = 0;
    await this.#write(data, this.#count++);
  }
}

/**
 * With recipients, one more whose key is thrown away afterwards, so that what was written can be read once to verify
 * it.
 */
async function encrypterFor(lock: Lock): Promise<{ readonly encrypter: Encrypter; readonly key: Key }> {
  const encrypter = new Encrypter();
  if ('passphrase' in lock) {
    encrypter.setPassphrase(lock.passphrase.reveal());
    return { encrypter, key: lock };
  }
  for (const recipient of lock.recipients) encrypter.addRecipient(recipient);
  const identity = await generateX25519Identity();
  encrypter.addRecipient(await identityToRecipient(identity));
  return { encrypter, key: { identities: [new Secret(identity)] } };
}
