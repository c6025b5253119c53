import { createPrivateKey } from 'node:crypto';
import { xsalsa20poly1305 } from '@noble/ciphers/salsa.js';
import { SwarmupError } from '../util/errors.ts';
import { Secret } from '../util/secret.ts';

/** In the engine's swarm folder: a manager's private key, with the key of its Raft log in a header. Source: swarmkit, ca/config.go. */
export const MANAGER_KEY = 'certificates/swarm-node.key';

/** Sources: swarmkit, manager/encryption, HumanReadableKey; manager/deks.go, defaultRaftDEKKey; ca/keyreadwriter.go. */
const HUMAN_PREFIX = 'SWMKEY-1-';
const LOG_KEY = 'raft-dek';
const VERSION = 'kek-version';
/** Field numbers of MaybeEncryptedRecord, and its algorithm SECRETBOX_SALSA20_POLY1305. Source: swarmkit, api/types.proto. */
const ALGORITHM = 1;
const DATA = 2;
const NONCE = 3;
const SECRETBOX = 1;

/**
 * Whether a manager's key needs the unlock key, because autolock was on when it was written.
 * @param pem the text of the file
 */
export function isLocked(pem: string): boolean {
  return pem.includes('ENCRYPTED PRIVATE KEY');
}

/**
 * The same key without its lock. The engine can't make a new swarm from a locked manager (moby#36852), and locks the
 * key again once autolock is on.
 * @param pem the text of the file
 * @param key the swarm's unlock key
 * @returns the new text of the file
 * @throws SwarmupError SWARM_LOCKED when the unlock key is wrong
 */
export function withoutLock(pem: string, key: Secret): Secret {
  const passphrase = Buffer.from(key.reveal().replace(HUMAN_PREFIX, ''), 'base64');
  const logKey = /^raft-dek: (.+)$/m.exec(pem)?.[1];
  const body = pem.replace(/^[\w-]+: .*\n/gm, '').replace('-----\n\n', '-----\n');
  try {
    const plain = createPrivateKey({ key: body, format: 'pem', passphrase }).export({ type: 'sec1', format: 'pem' });
    const headers = [`${VERSION}: 0`, ...(logKey === undefined ? [] : [`${LOG_KEY}: ${opened(logKey, passphrase)}`])];
    return new Secret(plain.toString().replace('-----\n', `-----\n${headers.join('\n')}\n\n`));
  } catch (cause) {
    throw new SwarmupError('SWARM_LOCKED', "the unlock key doesn't fit this manager's key", {
      fix: 'Set the last one from before the majority was lost: SWARMUP_UNLOCK_KEY=SWMKEY-1-…',
      cause,
    });
  }
}

/** A decrypted record. @param record encrypted, in base64 */
function opened(record: string, passphrase: Buffer): string {
  const fields = fieldsOf(Buffer.from(record, 'base64'));
  if (fields.get(ALGORITHM)?.[0] !== SECRETBOX) throw new Error('an unknown encryption');
  const nonce = fields.get(NONCE) ?? Buffer.alloc(0);
  const data = xsalsa20poly1305(passphrase, nonce).decrypt(fields.get(DATA) ?? Buffer.alloc(0));
  return Buffer.concat([Buffer.from([(DATA << 3) | 2, data.length]), data]).toString('base64');
}

/** The fields of a short protocol buffer message; numbers are single bytes. Source: protobuf.dev, "Encoding". */
function fieldsOf(message: Buffer): Map<number, Buffer> {
  const fields = new Map<number, Buffer>();
  for (let at = 0; at < message.length;) {
    const tag = message[at] ?? 0;
    const isNumber = (tag & 7) === 0;
    const start = isNumber ? at + 1 : at + 2;
    const end = isNumber ? start + 1 : start + (message[at + 1] ?? 0);
    fields.set(tag >> 3, message.subarray(start, end));
    at = end;
  }
  return fields;
}
