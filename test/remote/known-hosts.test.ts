import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { generateKeyPair } from '../../lib/remote/keys.ts';
import { bestKey, signaturesOf } from '../../lib/remote/key-types.ts';
import { fingerprint, knownHostsName, lookUp } from '../../lib/remote/known-hosts.ts';
import { needPackages } from '../support/packages.ts';

let folder: string;
const keyOf = (name: string) => generateKeyPair(name).publicKey.split(' ')[1] ?? '';
const [first, second, third] = ['a', 'b', 'c'].map(keyOf) as [string, string, string];

beforeAll(() => {
  needPackages('openssh-client');
  folder = mkdtempSync(join(tmpdir(), 'swarmup-known-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function file(...lines: string[]): string {
  const path = join(folder, `known_hosts_${Math.random().toString(36).slice(2)}`);
  writeFileSync(path, `${lines.join('\n')}\n`);
  return path;
}

const found = async (path: string, host: string, port = 22) =>
  (await lookUp([path], knownHostsName(host, port))).map(({ key, line }) => ({ key, line }));

describe('known_hosts', () => {
  it('finds servers by name, pattern, port and exception, with their lines', async () => {
    const path = file(
      '# a comment',
      '',
      `one,two.example.org ssh-ed25519 ${first}`,
      `*.lab,!bad.lab ssh-ed25519 ${second}`,
      `[one]:2222 ssh-ed25519 ${third} a comment`,
      'broken line',
    );
    expect(await found(path, 'one')).toEqual([{ key: first, line: 3 }]);
    expect(await found(path, 'TWO.example.org')).toEqual([{ key: first, line: 3 }]);
    expect(await found(path, 'x.lab')).toEqual([{ key: second, line: 4 }]);
    expect(await found(path, 'bad.lab')).toEqual([]);
    expect(await found(path, 'one', 2222)).toEqual([{ key: third, line: 5 }]);
    expect(await found(path, 'xlab')).toEqual([]);
    expect(await found(join(folder, 'nowhere'), 'one')).toEqual([]);
  });

  it('may be hashed, by OpenSSH itself', async () => {
    const path = file(`one ssh-ed25519 ${first}`, `[two]:2200 ssh-ed25519 ${second}`);
    execFileSync('ssh-keygen', ['-H', '-f', path], { stdio: 'ignore' });
    expect(readFileSync(path, 'utf8')).not.toContain('one');
    expect(await found(path, 'one')).toEqual([{ key: first, line: 1 }]);
    expect(await found(path, 'two', 2200)).toEqual([{ key: second, line: 2 }]);
    expect(await found(path, 'two')).toEqual([]);
  });

  it('has no patterns in an entry that begins like a hashed one', async () => {
    const lines = [
      `|,one ssh-ed25519 ${first}`,
      `|1|short|short,one ssh-ed25519 ${second}`,
      `one ssh-ed25519 ${third}`,
    ];
    const path = file(...lines);
    expect(await found(path, 'one')).toEqual([{ key: third, line: 3 }]);
    const answer = execFileSync('ssh-keygen', ['-F', 'one', '-f', path], { encoding: 'utf8' });
    expect(answer.match(/found: line \d+/g)).toEqual(['found: line 3']);
  });

  it('reports revoked keys, and skips certificates', async () => {
    const path = file(`@revoked one ssh-ed25519 ${first}`, `@cert-authority * ssh-ed25519 ${second}`);
    expect(await lookUp([path], 'one')).toEqual([
      { type: 'ssh-ed25519', key: first, revoked: true, file: path, line: 1 },
    ]);
  });

  it('has fingerprints in OpenSSH’s format', () => {
    const path = file(`ssh-ed25519 ${first} me`);
    expect(execFileSync('ssh-keygen', ['-lf', path], { encoding: 'utf8' })).toContain(` ${fingerprint(first)} `);
  });

  it('with several keys pins the strongest type, and requests only that type from the server', () => {
    const keys = ['ssh-rsa', 'ecdsa-sha2-nistp256', 'ssh-dss'].map((type) => ({ type }));
    expect(bestKey(keys)).toEqual({ type: 'ecdsa-sha2-nistp256' });
    expect(bestKey([{ type: 'ssh-dss' }])).toBeUndefined();
    expect(signaturesOf(['ssh-rsa'])).toEqual(['rsa-sha2-512', 'rsa-sha2-256']);
    expect(signaturesOf([])[0]).toBe('ssh-ed25519');
  });
});
