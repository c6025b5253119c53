import { randomBytes } from 'node:crypto';
import { existsSync, mkdtempSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Writable } from 'node:stream';
import { generateX25519Identity, identityToRecipient } from 'age-encryption';
import { describe, expect, it } from 'vitest';
import { readBackup } from '../../lib/backup/read.ts';
import { writeBackup } from '../../lib/backup/write.ts';
import { Secret } from '../../lib/util/secret.ts';

const folder = () => mkdtempSync(join(tmpdir(), 'swarmup-backup-'));

const CONTENT = {
  format: 1 as const,
  cluster: 'test',
  swarmId: 'swarm1',
  createdAt: '2026-01-01T00:00:00.000Z',
  manager: { name: 'm2', id: 'node2', address: '10.0.0.2', engine: '26.1.5' },
  objects: [],
};
const raft = randomBytes(9 * 2 ** 20 + 5);

async function write(file: string, lock: Parameters<typeof writeBackup>[1]) {
  return writeBackup(file, lock, async (writer) => {
    await writer.add('swarm', async (into) => void into.write(raft));
    await writer.add('volume m1 empty', async () => undefined);
    return CONTENT;
  });
}

/** The parts of a back-up file, with their content. */
async function contents(file: string, key: Parameters<typeof readBackup>[1]): Promise<Buffer[]> {
  const parts: Buffer[][] = [];
  await readBackup(file, key, (part) => {
    const chunks: Buffer[] = (parts[part] = []);
    return new Writable({ write: (chunk: Buffer, _encoding, done) => (chunks.push(chunk), done()) });
  });
  return parts.map((chunks) => Buffer.concat(chunks));
}

const passphrase = { passphrase: new Secret('correct horse battery') };

describe('a back-up file', () => {
  it('can be read part by part with its passphrase, and with no other', async () => {
    const file = join(folder(), 'one.age');
    const manifest = await write(file, passphrase);
    expect(manifest.parts.map(({ name, bytes }) => `${name} ${bytes}`)).toEqual([
      `swarm ${raft.length}`,
      'volume m1 empty 0',
    ]);
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(readFileSync(file).subarray(0, 21).toString()).toBe('age-encryption.org/v1');
    const [swarm, volume] = await contents(file, passphrase);
    expect(swarm?.equals(raft)).toBe(true);
    expect(volume).toHaveLength(0);
    await expect(readBackup(file, { passphrase: new Secret('another') })).rejects.toMatchObject({
      code: 'BACKUP_LOCKED',
    });
  });

  it('for an age recipient can be read with its identity', async () => {
    const file = join(folder(), 'two.age');
    const identity = await generateX25519Identity();
    await write(file, { recipients: [await identityToRecipient(identity)] });
    expect((await readBackup(file, { identities: [new Secret(identity)] })).cluster).toBe('test');
    const stranger = new Secret(await generateX25519Identity());
    await expect(readBackup(file, { identities: [stranger] })).rejects.toMatchObject({ code: 'BACKUP_LOCKED' });
  });

  it('is refused when it was truncated or changed', async () => {
    const file = join(folder(), 'three.age');
    const identity = await generateX25519Identity();
    const key = { identities: [new Secret(identity)] };
    await write(file, { recipients: [await identityToRecipient(identity)] });
    const whole = readFileSync(file);
    writeFileSync(file, whole.subarray(0, whole.length - 100_000));
    await expect(readBackup(file, key)).rejects.toMatchObject({ code: 'BACKUP_INVALID' });
    const changed = Buffer.from(whole);
    changed.writeUInt8((changed[(whole.length / 2) | 0] ?? 0) ^ 1, (whole.length / 2) | 0);
    writeFileSync(file, changed);
    await expect(readBackup(file, key)).rejects.toMatchObject({ code: 'BACKUP_INVALID' });
    writeFileSync(file, 'no back-up');
    await expect(readBackup(file, key)).rejects.toMatchObject({ code: 'BACKUP_INVALID' });
  });

  it("is removed when it can't be finished", async () => {
    const file = join(folder(), 'four.age');
    const failing = writeBackup(file, passphrase, async (writer) => {
      await writer.add('swarm', async (into) => void into.write(raft));
      throw new Error('the manager is gone');
    });
    await expect(failing).rejects.toThrow('the manager is gone');
    expect(existsSync(file)).toBe(false);
    expect(existsSync(`${file}.part`)).toBe(false);
  });
});
