import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { readKeys } from '../../lib/docker/repository-key.ts';

/** Debian's own keys, which every Debian has: a primary key with a signing subkey, each in its own file. */
const FOLDER = '/etc/apt/trusted.gpg.d';
const fileOf = (name: string) => readFileSync(join(FOLDER, `debian-archive-${name}.asc`), 'utf8');
const AUTOMATIC = fileOf('bookworm-automatic');
const STABLE = fileOf('bookworm-stable');
/** The output of `gpg --show-keys`. */
const FINGERPRINTS = {
  automatic: 'B8B80B5B623EAB6AD8775C45B7C5D7D6350947F8',
  stable: '4D64FEC119C2029067D6E791F8D2585B8783D481',
};

const BEGIN = '-----BEGIN PGP PUBLIC KEY BLOCK-----';
const END = '-----END PGP PUBLIC KEY BLOCK-----';
const bytesOf = (armored: string) => {
  const lines = armored.slice(armored.indexOf('\n\n') + 2, armored.indexOf(END)).split('\n');
  return Buffer.from(lines.filter((line) => !line.startsWith('=')).join(''), 'base64');
};
const block = (...parts: readonly Uint8Array[]) => `${BEGIN}\n\n${Buffer.concat(parts).toString('base64')}\n${END}\n`;

describe('a key file', () => {
  it.each([
    ['a key', AUTOMATIC, FINGERPRINTS.automatic],
    ['another', STABLE, FINGERPRINTS.stable],
    ['a key with Windows line endings', AUTOMATIC.replaceAll('\n', '\r\n'), FINGERPRINTS.automatic],
    ['a key with text around it', `pub rsa4096\n\n${AUTOMATIC}\nthe end\n`, FINGERPRINTS.automatic],
  ])('with %s is parsed to its fingerprint, and only the key block is passed on', (_, text, fingerprint) => {
    const found = readKeys(text);
    expect(found?.fingerprints).toEqual([fingerprint]);
    expect(found?.armored.startsWith(BEGIN)).toBe(true);
    expect(found?.armored.endsWith(`${END}\n`)).toBe(true);
    // The checksum was written by GnuPG.
    expect(found?.armored.split('\n').at(-3)).toBe(text.split(/\r?\n/).find((line) => /^=.{4}$/.test(line)));
    expect(bytesOf(found?.armored ?? '')).toEqual(bytesOf(text.replaceAll('\r', '').slice(text.indexOf(BEGIN))));
  });

  it('with a stranger’s key in the same block lists both', () => {
    expect(readKeys(block(bytesOf(AUTOMATIC), bytesOf(STABLE)))?.fingerprints).toEqual([
      FINGERPRINTS.automatic,
      FINGERPRINTS.stable,
    ]);
  });

  const key = bytesOf(AUTOMATIC);
  it.each([
    ['two blocks', AUTOMATIC + STABLE],
    ['a second block without an end', `${AUTOMATIC}${STABLE.slice(0, 200)}`],
    ['a key within a key', AUTOMATIC.replace(END, STABLE)],
    ['a truncated key', block(key.subarray(0, 600))],
    ['data after the last packet', block(key, Buffer.from([0]))],
    ['a secret key', block(Buffer.from([0x94]), key.subarray(1))],
    ['a packet of an unrelated type', block(key, Buffer.from([0xcb, 3, 0, 0, 0, 0, 0]))],
    ['a key of another version', block(Buffer.from([0x98, 4, 3, 0, 0, 0]))],
    ['a packet of indeterminate length', block(Buffer.from([0x9b, 4, 3, 0, 0, 0, 0]))],
    ['a signature first', block(key.subarray(528))],
    ['no armour', key.toString('latin1')],
    ['characters outside base64', AUTOMATIC.replace('mQINB', 'mQ!NB')],
    ['no blank line', AUTOMATIC.replace('\n\n', '\n')],
    ['no content', ''],
  ])('with %s is invalid', (_, text) => {
    expect(readKeys(text)).toBeUndefined();
  });

  it.each([
    ['block headers', `${BEGIN}\n`.repeat(200_000)],
    ['block headers with comments', `${BEGIN}\nComment: x\n`.repeat(100_000)],
    ['base64', `${BEGIN}\n\n${`${'A'.repeat(64)}\n`.repeat(150_000)}`],
    ['one long line', `${BEGIN}\n\n${'A'.repeat(8_000_000)}=\n${END}`],
    ['small packets', block(key, Buffer.from([0xcd, 0]), Buffer.alloc(2_000_000, Buffer.from([0xcd, 0])))],
  ])('with megabytes of %s is read in one pass', (_, text) => {
    const found = readKeys(text);
    expect(found?.fingerprints ?? []).not.toContain(FINGERPRINTS.stable);
  });
});
