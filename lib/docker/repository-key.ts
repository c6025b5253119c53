import { createHash } from 'node:crypto';

/**
 * The keys with which Docker signs its packages. Source: docs.docker.com/engine/install, "Verify that you now have the
 * key".
 */
export const DOCKER_KEYS: readonly string[] = [
  // Debian and Ubuntu
  '9DC858229FC7DD38854AE2D88D81803C0EBFCD88',
  // RPM
  '060A61C51B558A7F742B77AAC52FEB6B621E9F35',
];

/** The contents of a key file. Package managers trust every key in it, so it must contain only one. */
export interface KeyFile {
  /** Fingerprints of the primary keys (version 4), in upper-case hexadecimal digits. Source: RFC 4880, 12.2. */
  readonly fingerprints: readonly string[];
  /** The packets in ASCII armour again, with nothing before, between or after them; includes subkeys and signatures. */
  readonly armored: string;
}

/** Packet tags. Source: RFC 4880, 4.3. */
const PUBLIC_KEY = 6;
/** The packets that belong to a public key: signatures, user IDs and attributes, subkeys. */
const PARTS: readonly number[] = [2, 13, 14, 17];

const BEGIN = '-----BEGIN PGP PUBLIC KEY BLOCK-----';
const END = '-----END PGP PUBLIC KEY BLOCK-----';

/**
 * Reads a file of OpenPGP public keys. Source: RFC 4880, 4.2 and 6.2.
 *
 * @param text ASCII armour: one block, with any text before and after it
 * @returns undefined when it contains several blocks, or anything but complete public keys of version 4
 */
export function readKeys(text: string): KeyFile | undefined {
  const bytes = dearmored(text);
  const packets = bytes && packetsOf(bytes);
  if (!bytes || packets?.[0]?.tag !== PUBLIC_KEY) return undefined;
  const primary = packets.filter(({ tag }) => tag === PUBLIC_KEY);
  const isWhole = packets.every(({ tag }) => tag === PUBLIC_KEY || PARTS.includes(tag));
  if (!isWhole || primary.some(({ body }) => body[0] !== 4)) return undefined;
  return { fingerprints: primary.map(({ body }) => fingerprintOf(body)), armored: armor(bytes) };
}

function fingerprintOf(body: Buffer): string {
  const head = Buffer.from([0x99, body.length >> 8, body.length & 0xff]);
  return createHash('sha1').update(head).update(body).digest('hex').toUpperCase();
}

/** The data of a single block; each line is read once. */
function dearmored(text: string): Buffer | undefined {
  const lines = text.split('\n').map((line) => line.trimEnd());
  const begin = lines.indexOf(BEGIN);
  const end = lines.indexOf(END);
  const marks = lines.filter((line) => line.startsWith('-----'));
  const blank = lines.indexOf('', begin);
  if (marks.length !== 2 || begin < 0 || blank < begin || end < blank) return undefined;
  const body = lines.slice(blank + 1, end);
  // The last line may be a checksum, which only detects copying errors.
  const data = (body.at(-1)?.startsWith('=') ? body.slice(0, -1) : body).join('');
  return /^[A-Za-z0-9+/]+={0,2}$/.test(data) && data.length % 4 === 0 ? Buffer.from(data, 'base64') : undefined;
}

interface Packet {
  readonly tag: number;
  readonly body: Buffer;
}

/** All packets; undefined when the bytes aren't a sequence of complete packets. */
function packetsOf(bytes: Buffer): readonly Packet[] | undefined {
  const packets: Packet[] = [];
  for (let at = 0; at < bytes.length;) {
    const head = headOf(bytes.subarray(at));
    const end = head && at + head.size + head.length;
    if (!head || end === undefined || end > bytes.length) return undefined;
    packets.push({ tag: head.tag, body: bytes.subarray(at + head.size, end) });
    at = end;
  }
  return packets;
}

/** A packet's tag, the size of its header, and the length of its body. A key's packets always state their length. */
function headOf(bytes: Buffer): { readonly tag: number; readonly size: number; readonly length: number } | undefined {
  const [first = 0, second = 0, third = 0] = bytes;
  if (bytes.length < 6 || (first & 0x80) === 0) return undefined;
  if ((first & 0x40) === 0) {
    const width = 1 << (first & 0x03);
    return width > 4 ? undefined : { tag: (first >> 2) & 0x0f, size: 1 + width, length: bytes.readUIntBE(1, width) };
  }
  const tag = first & 0x3f;
  if (second < 192) return { tag, size: 2, length: second };
  if (second < 224) return { tag, size: 3, length: ((second - 192) << 8) + third + 192 };
  return second === 255 ? { tag, size: 6, length: bytes.readUInt32BE(2) } : undefined;
}

function armor(bytes: Buffer): string {
  const lines = bytes.toString('base64').match(/.{1,64}/g) ?? [];
  return [BEGIN, '', ...lines, `=${checksum(bytes)}`, END, ''].join('\n');
}

/** CRC-24, which RPM requires in armour. Source: RFC 4880, 6.1. */
function checksum(bytes: Buffer): string {
  let crc = 0xb704ce;
  for (const byte of bytes) {
    crc ^= byte << 16;
    for (let bit = 0; bit < 8; bit++) {
      crc <<= 1;
      if ((crc & 0x1000000) !== 0) crc ^= 0x1864cfb;
    }
  }
  return Buffer.from([(crc >> 16) & 0xff, (crc >> 8) & 0xff, crc & 0xff]).toString('base64');
}
