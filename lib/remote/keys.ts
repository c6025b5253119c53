import { generateKeyPairSync, randomBytes } from 'node:crypto';

export interface KeyPair {
  /** OpenSSH private key file. */
  readonly privateKey: string;
  /** `ssh-ed25519 AAAA... comment` */
  readonly publicKey: string;
}

const TYPE = 'ssh-ed25519';
/** The unencrypted private part is padded to blocks of this many bytes. */
const BLOCK = 8;

/**
 * A new Ed25519 key pair in OpenSSH's formats.
 *
 * Implemented here because ssh2's generator drops the first byte of a key if it is zero: OpenSSH can't read about one
 * pair in 200, and a machine with such a key never answers. Sources: OpenSSH, PROTOCOL.key; RFC 8709.
 */
export function generateKeyPair(comment: string): KeyPair {
  const { x = '', d = '' } = generateKeyPairSync('ed25519').privateKey.export({ format: 'jwk' });
  const point = Buffer.from(x, 'base64url');
  const seed = Buffer.from(d, 'base64url');
  const publicBlob = Buffer.concat([text(TYPE), text(point)]);
  // The same number twice: if they differ after decryption, the passphrase was wrong.
  const check = randomBytes(4);
  const secret = Buffer.concat([check, check, publicBlob, text(Buffer.concat([seed, point])), text(comment)]);
  const padding = Buffer.from(Array.from({ length: (BLOCK - (secret.length % BLOCK)) % BLOCK }, (_, i) => i + 1));
  const file = Buffer.concat([
    Buffer.from('openssh-key-v1\0'),
    ...['none', 'none', ''].map(text),
    number(1),
    text(publicBlob),
    text(Buffer.concat([secret, padding])),
  ]);
  const lines = file.toString('base64').match(/.{1,70}/g) ?? [];
  return {
    privateKey: `-----BEGIN OPENSSH PRIVATE KEY-----\n${lines.join('\n')}\n-----END OPENSSH PRIVATE KEY-----\n`,
    publicKey: `${TYPE} ${publicBlob.toString('base64')} ${comment}`,
  };
}

/** SSH's `string`: its length in four bytes, followed by the data. Source: RFC 4251, section 5. */
function text(value: string | Buffer): Buffer {
  const bytes = Buffer.from(value);
  return Buffer.concat([number(bytes.length), bytes]);
}

function number(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}
