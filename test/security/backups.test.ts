import { spawnSync } from 'node:child_process';
import { existsSync, lstatSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { gzipSync } from 'node:zlib';
import { generateX25519Identity, identityToRecipient } from 'age-encryption';
import { pack, type Header } from 'tar-stream';
import { describe, expect, it, vi } from 'vitest';
import { unpackCommand } from '../../lib/backup/unpack.ts';
import { writeBackup } from '../../lib/backup/write.ts';
import { restore } from '../../lib/cli/actions/backup.ts';
import type { Lock } from '../../lib/contracts/backup-request.ts';
import { Secret } from '../../lib/util/secret.ts';

const root = () => mkdtempSync(join(tmpdir(), 'swarmup-backups-'));

/** Unpacks an archive as restoring does, with the real tar. @returns the folder above the one that it is unpacked into */
async function unpack(
  entries: readonly (readonly [Partial<Header> & { readonly name: string }, string?])[],
  only?: string,
) {
  const above = root();
  const folder = join(above, 'engine', 'into');
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(above, 'precious'), 'kept');
  const archive = pack();
  for (const [header, content = ''] of entries) archive.entry(header, content);
  archive.finalize();
  const [program = '', ...args] = unpackCommand(folder, only);
  const { status } = spawnSync(program, args, { input: gzipSync(await buffer(archive)) });
  return { above, folder, status };
}

describe('an archive in a back-up that somebody else wrote', () => {
  const OUTSIDE: Readonly<
    Record<string, readonly (readonly [Partial<Header> & { readonly name: string }, string?])[]>
  > = {
    'a name that goes up': [
      [{ name: '../../precious' }, 'evil'],
      [{ name: 'swarm/../../../precious' }, 'evil'],
    ],
    'an absolute name': [[{ name: '/tmp/swarmup-evil' }, 'evil']],
    'a file behind a symbolic link': [
      [{ name: 'swarm', type: 'directory' }],
      [{ name: 'swarm/up', type: 'symlink', linkname: '../../..' }],
      [{ name: 'swarm/up/precious' }, 'evil'],
    ],
    'a file behind an absolute symbolic link': [
      [{ name: 'swarm/tmp', type: 'symlink', linkname: '/tmp' }],
      [{ name: 'swarm/tmp/swarmup-evil' }, 'evil'],
    ],
    'a file in place of a hard link': [
      [{ name: 'swarm/hard', type: 'link', linkname: '../../precious' }],
      [{ name: 'swarm/hard' }, 'evil'],
    ],
  };

  it.each(Object.entries(OUTSIDE))('writes nothing outside by %s', async (_, entries) => {
    for (const only of [undefined, 'swarm']) {
      const { above } = await unpack(entries, only);
      expect(readFileSync(join(above, 'precious'), 'utf8')).toBe('kept');
      expect(readdirSync(above).toSorted()).toEqual(['engine', 'precious']);
      expect(readdirSync(join(above, 'engine'))).toEqual(['into']);
      expect(existsSync('/tmp/swarmup-evil')).toBe(false);
    }
  });

  it("puts nothing beside the swarm's folder, where the engine has all the rest", async () => {
    const { folder, status } = await unpack(
      [
        [{ name: 'swarm', type: 'directory' }],
        [{ name: 'swarm/state.json' }, '{}'],
        [{ name: 'containers/x/config.v2.json' }, 'evil'],
        [{ name: 'swarm2' }, 'evil'],
        [{ name: 'swarm/raft/snap', mode: 0o600 }, 'log'],
      ],
      'swarm',
    );
    expect(status).toBe(0);
    expect(readdirSync(folder)).toEqual(['swarm']);
    expect(readFileSync(join(folder, 'swarm', 'raft', 'snap'), 'utf8')).toBe('log');
    expect(lstatSync(join(folder, 'swarm', 'raft', 'snap')).mode & 0o777).toBe(0o600);
  });
});

describe('restoring', () => {
  const CONTENT = {
    format: 1 as const,
    cluster: 'another',
    swarmId: 's',
    createdAt: '2026-01-01T00:00:00.000Z',
    manager: { name: 'm', id: 'n', address: '10.0.0.2', engine: '28.2.2' },
    objects: [],
  };

  /** What it says before it finds that the back-up is of another cluster. */
  async function said(lock: Lock, identity?: string): Promise<string> {
    const folder = root();
    const file = join(folder, 'one.age');
    await writeBackup(file, lock, async (writer) => {
      await writer.add('swarm', async () => undefined);
      return CONTENT;
    });
    writeFileSync(join(folder, 'swarmup.yaml'), 'name: mine\nprovider: { type: qemu }\n');
    const chunks: string[] = [];
    const spy = vi.spyOn(process.stderr, 'write').mockImplementation((chunk) => chunks.push(String(chunk)) > 0);
    try {
      const options = {
        file: join(folder, 'swarmup.yaml'),
        yes: true,
        renderer: 'silent' as const,
        ...(identity ? { identity } : {}),
      };
      await expect(restore(file, options)).rejects.toThrow('the back-up is of the cluster another');
    } finally {
      spy.mockRestore();
    }
    return chunks.join('');
  }

  it('from a back-up for a recipient says that anyone may have written it', async () => {
    const identity = await generateX25519Identity();
    const file = join(root(), 'key.txt');
    writeFileSync(file, `${identity}\n`, { mode: 0o600 });
    expect(await said({ recipients: [await identityToRecipient(identity)] }, file)).toMatch(/is not authenticated/);
  });

  it('from a back-up with a passphrase does not say so', async () => {
    vi.stubEnv('SWARMUP_BACKUP_PASSPHRASE', 'correct horse battery');
    expect(await said({ passphrase: new Secret('correct horse battery') })).toBe('');
    vi.unstubAllEnvs();
  });
});
