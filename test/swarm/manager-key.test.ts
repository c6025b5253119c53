import { createPrivateKey, generateKeyPairSync, randomBytes } from 'node:crypto';
import { xsalsa20poly1305 } from '@noble/ciphers/salsa.js';
import { describe, expect, it } from 'vitest';
import { Secret } from '../../lib/util/secret.ts';
import { isLocked, withoutLock } from '../../lib/swarm/manager-key.ts';

/** A manager's key as swarmkit locks it; the tests on real machines read a real one. */
function lockedKey() {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const [kek, nonce, logKey] = [randomBytes(32), randomBytes(24), randomBytes(32)];
  const body = privateKey.export({ type: 'pkcs8', format: 'pem', cipher: 'aes-256-cbc', passphrase: kek }).toString();
  const data = Buffer.from(xsalsa20poly1305(kek, nonce).encrypt(logKey));
  const record = Buffer.concat([
    Buffer.from([0x08, 1, 0x12, data.length]),
    data,
    Buffer.from([0x1a, nonce.length]),
    nonce,
  ]);
  const pem = body.replace('-----\n', `-----\nkek-version: 28\nraft-dek: ${record.toString('base64')}\n\n`);
  const unlockKey = new Secret(`SWMKEY-1-${kek.toString('base64').replace(/=+$/, '')}`);
  return { pem, unlockKey, privateKey, logKey };
}

describe('a locked manager key', () => {
  it('is decrypted to the same key, with the same key of the Raft log', () => {
    const { pem, unlockKey, privateKey, logKey } = lockedKey();
    expect(isLocked(pem)).toBe(true);
    const open = withoutLock(pem, unlockKey).reveal();
    expect(isLocked(open)).toBe(false);
    // The lowest version: the engine locks the key again on its next rotation.
    expect(open).toMatch(/^-----BEGIN EC PRIVATE KEY-----\nkek-version: 0\nraft-dek: \S+\n\n/);
    const record = Buffer.from(/^raft-dek: (.+)$/m.exec(open)?.[1] ?? '', 'base64');
    expect(record.subarray(0, 2)).toEqual(Buffer.from([0x12, logKey.length]));
    expect(record.subarray(2)).toEqual(logKey);
    const key = createPrivateKey(open.replace(/^[\w-]+: .*\n/gm, '').replace('-----\n\n', '-----\n'));
    expect(key.equals(privateKey)).toBe(true);
  });

  it("can't be decrypted with another key", () => {
    expect(() => withoutLock(lockedKey().pem, lockedKey().unlockKey)).toThrow("doesn't fit this manager's key");
  });
});
