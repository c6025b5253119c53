import { createHash } from 'node:crypto';

/** The keys Docker signs its packages with. Source: docs.docker.com/engine/install, "Verify that you now have the key". */
export const DOCKER_KEYS: readonly string[] = [
  // Debian and Ubuntu
  '9DC858229FC7DD38854AE2D88D81803C0EBFCD88',
  // RPM
  '060A61C51B558A7F742B77AAC52FEB6B621E9F35',
];

const PUBLIC_KEY = 6;

/**
 * The fingerprint of an OpenPGP public key, of version 4, in upper-case hexadecimal digits. Source: RFC 4880, sections 4.2,
 * 6.2 and 12.2.
 *
 * @param armored ASCII-armored
 * @returns undefined when it is no such key
 */
export function keyFingerprint(armored: string): string | undefined {
  const lines = /-----BEGIN PGP PUBLIC KEY BLOCK-----\r?\n(?:[^\n]+\n)*?\r?\n([^-]+)/
    .exec(armored)?.[1]
    ?.split(/\r?\n/);
  // The line that begins with = is a checksum.
  const bytes = Buffer.from((lines ?? []).filter((line) => !line.startsWith('=')).join(''), 'base64');
  const packet = firstPacket(bytes);
  if (packet?.tag !== PUBLIC_KEY || packet.body[0] !== 4) return undefined;
  const head = Buffer.from([0x99, packet.body.length >> 8, packet.body.length & 0xff]);
  return createHash('sha1').update(head).update(packet.body).digest('hex').toUpperCase();
}

/** Old and new packet formats, with lengths of one and two bytes (no key is longer), and of four. */
function firstPacket(bytes: Buffer): { readonly tag: number; readonly body: Buffer } | undefined {
  const [first = 0, second = 0] = bytes;
  if (bytes.length < 6 || (first & 0x80) === 0) return undefined;
  const isNew = (first & 0x40) !== 0;
  const tag = isNew ? first & 0x3f : (first >> 2) & 0x0f;
  const width = isNew ? (second < 192 ? 1 : second < 224 ? 2 : 5) : 1 << (first & 0x03);
  const length = !isNew
    ? bytes.readUIntBE(1, Math.min(width, 4))
    : width === 1
      ? second
      : width === 2
        ? ((second - 192) << 8) + bytes.readUInt8(2) + 192
        : bytes.readUInt32BE(2);
  return { tag, body: bytes.subarray(1 + width, 1 + width + length) };
}
