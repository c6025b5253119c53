import { createReadStream } from 'node:fs';
import type { Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { Decrypter } from 'age-encryption';
import { extract } from 'tar-stream';
import { messageOf, SwarmupError } from '../util/errors.ts';
import { parseAs } from '../util/parse-json.ts';
import { type Key, manifestSchema, type Manifest } from '../contracts/backup-request.ts';
import { MANIFEST } from './manifest.ts';
import { OpenPart } from './open-part.ts';
import { bytes, textOf, webStream } from './streams.ts';

/** Chooses where each part is written; undefined: it is only verified. */
export type Destination = (part: number) => Writable | undefined;

/**
 * Reads a back-up to its end, and compares every part with the manifest.
 *
 * @param destination where parts are written to, by their number; default: nowhere
 * @throws SwarmupError BACKUP_LOCKED with the wrong key, BACKUP_INVALID when the file is damaged or not a back-up
 */
export async function readBackup(
  file: string,
  key: Key,
  destination: Destination = () => undefined,
): Promise<Manifest> {
  const plain = await decrypted(file, key);
  const found: string[] = [];
  let text = '';
  try {
    const archive = extract();
    const read = pipeline(plain, archive);
    read.catch(() => undefined);
    let open: OpenPart | undefined;
    for await (const entry of archive) {
      const part = /^parts\/(\d+)\//.exec(entry.header.name)?.[1];
      if (open && open.number !== Number(part)) {
        found.push((await open.close()).sha256);
        open = undefined;
      }
      if (part !== undefined) {
        open ??= new OpenPart(Number(part), destination(Number(part)));
        for await (const chunk of bytes(entry)) await open.write(chunk);
      } else if (entry.header.name === MANIFEST) text = await textOf(entry);
      else entry.resume();
    }
    await read;
  } catch (cause) {
    throw invalid(file, messageOf(cause), cause);
  }
  const manifest = parseAs(manifestSchema, text);
  if (!manifest) throw invalid(file, 'its manifest is missing or in an unknown format');
  for (const [i, part] of manifest.parts.entries())
    if (found[i] !== part.sha256) throw invalid(file, `the part '${part.name}' was changed after it was written`);
  return manifest;
}

async function decrypted(file: string, key: Key): Promise<ReadableStream<Uint8Array>> {
  const decrypter = new Decrypter();
  if ('passphrase' in key) decrypter.addPassphrase(key.passphrase.reveal());
  else for (const identity of key.identities) decrypter.addIdentity(identity.reveal());
  const source = createReadStream(file);
  try {
    return await decrypter.decrypt(webStream(source));
  } catch (cause) {
    source.destroy();
    if (/no identity matched|passphrase/i.test(messageOf(cause)))
      throw new SwarmupError(
        'BACKUP_LOCKED',
        `${file} can't be opened with this ${'passphrase' in key ? 'passphrase' : 'identity'}`,
        {
          fix: 'Set the right SWARMUP_BACKUP_PASSPHRASE in the environment, or name the right age identity with --identity FILE.',
          cause,
        },
      );
    throw invalid(file, messageOf(cause), cause);
  }
}

function invalid(file: string, why: string, cause?: unknown): SwarmupError {
  return new SwarmupError('BACKUP_INVALID', `${file} is not a usable back-up: ${why}`, {
    fix: 'Use another back-up: nothing in a truncated or damaged file can be trusted.',
    cause,
  });
}
