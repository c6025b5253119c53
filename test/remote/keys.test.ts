import { execFileSync } from 'node:child_process';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import ssh2 from 'ssh2';
import { describe, expect, it } from 'vitest';
import { generateKeyPair, type KeyPair } from '../../lib/remote/keys.ts';
import { needPackages } from '../support/packages.ts';

const pointOf = (pair: KeyPair) => Buffer.from(pair.publicKey.split(' ')[1] ?? '', 'base64').subarray(-32);
const seedOf = (pair: KeyPair) => {
  const file = Buffer.from(pair.privateKey.split('\n').slice(1, -2).join(''), 'base64');
  return file.subarray(file.indexOf(pointOf(pair), 200) + 36, file.indexOf(pointOf(pair), 200) + 68);
};

/** A pair whose public or private half begins with a zero byte: one in 128. */
function beginningWithZero(half: (pair: KeyPair) => Buffer): KeyPair {
  for (;;) {
    const pair = generateKeyPair('swarmup-zero');
    if (half(pair)[0] === 0) return pair;
  }
}

describe('a key pair', () => {
  const pairs = [
    ['any', generateKeyPair('swarmup-any')],
    ['one whose public half begins with a zero', beginningWithZero(pointOf)],
    ['one whose private half begins with a zero', beginningWithZero(seedOf)],
    ['one with a comment of any length', generateKeyPair('x'.repeat(61))],
  ] as const;

  it.each(pairs)('%s is read correctly by OpenSSH', (_name, { privateKey, publicKey }) => {
    needPackages('openssh-client');
    const folder = mkdtempSync(join(tmpdir(), 'swarmup-keys-'));
    const file = join(folder, 'key');
    writeFileSync(file, privateKey, { mode: 0o600 });
    expect(execFileSync('ssh-keygen', ['-y', '-f', file]).toString().trim()).toBe(publicKey);
    writeFileSync(`${file}.pub`, `${publicKey}\n`);
    expect(execFileSync('ssh-keygen', ['-l', '-f', `${file}.pub`]).toString()).toMatch(/^256 SHA256:.*\(ED25519\)/);
  });

  it.each(pairs)('%s is accepted for a login by swarmup itself', (_name, { privateKey, publicKey }) => {
    const parsed = ssh2.utils.parseKey(privateKey);
    if (parsed instanceof Error) throw parsed;
    const data = Buffer.from('signed');
    const known = ssh2.utils.parseKey(publicKey);
    if (known instanceof Error) throw known;
    expect(known.verify(data, parsed.sign(data))).toBe(true);
  });
});
