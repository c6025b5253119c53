import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { generateKeyPair } from '../../lib/remote/keys.ts';
import { lookUp, trustIn } from '../../lib/remote/known-hosts.ts';
import { needPackages } from '../support/packages.ts';
import { inputs, seeded, type Random } from '../support/seeded.ts';

needPackages('openssh-server');
const folder = mkdtempSync(join(tmpdir(), 'swarmup-known-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const KEYS = Array.from({ length: 4 }, () => generateKeyPair('').publicKey.trim());
const NAMES = [
  'a',
  'ab',
  'a.b',
  'b.a',
  '[a]:22',
  '[a]:2222',
  '[a.b]:2222',
  '10.0.0.1',
  '[10.0.0.1]:2222',
  '::1',
] as const;

/** A pattern that often matches one of the names, or almost. */
function pattern(random: Random): string {
  const name = random.one(NAMES);
  const at = random.below(name.length + 1);
  return random.one([
    name,
    name,
    name.toUpperCase(),
    `!${name}`,
    '*',
    `${name.slice(0, at)}*`,
    `${name.slice(0, at)}?${name.slice(at + 1)}`,
    `!${name.slice(0, at)}*`,
    name.replaceAll('.', '-'),
    `${name}+`,
    random.text(4, ['a', 'b', '.', '*', '?', '[', ']', ':', '!', '|', '1', '(', ')', '$', '^', '\\', '{', '}']),
  ]);
}

function line(random: Random): string {
  const hosts = Array.from({ length: 1 + random.below(3) }, () => pattern(random)).join(',');
  const marker = random.one(['', '', '', '', '@revoked ', '@cert-authority ', '@other ', '#', '  ', '\t']);
  const gap = random.one([' ', '  ', '\t']);
  return `${marker}${hosts}${gap}${random.one(['x', ...KEYS])}${random.one(['', ' a comment', ' # another'])}`;
}

/** A line without patterns and mistakes. */
function plainLine(random: Random): string {
  const hosts = Array.from({ length: 1 + random.below(3) }, () => random.one(NAMES)).join(',');
  return `${random.one(['', '', '@revoked '])}${hosts} ${KEYS[random.below(KEYS.length)]}`;
}

/** The numbers of the lines that OpenSSH finds for a name. */
function byOpenSsh(file: string, name: string): readonly number[] {
  const { stdout } = spawnSync('ssh-keygen', ['-F', name, '-f', file], { encoding: 'utf8' });
  return [...stdout.matchAll(/^# Host .* found: line (\d+)/gm)].map(([, number]) => Number(number));
}

describe('random known_hosts files', { timeout: 3_600_000 }, () => {
  it('say the same about a server as to OpenSSH, plain and hashed', async () => {
    const random = seeded(21);
    const seen = { found: 0, none: 0 };
    for (let i = 0; i < inputs(25); i++) {
      // ssh-keygen hashes only files without a mistake.
      const isHashed = random.below(3) === 0;
      const make = () => (isHashed ? plainLine(random) : line(random));
      const file = join(folder, 'known_hosts');
      writeFileSync(file, `${Array.from({ length: 1 + random.below(12) }, make).join('\n')}\n`);
      if (isHashed) execFileSync('ssh-keygen', ['-q', '-H', '-f', file], { stdio: 'ignore' });
      const lines = readFileSync(file, 'utf8').split('\n');
      for (const name of NAMES) {
        const expected = byOpenSsh(file, name).map((number) => lines[number - 1] ?? '');
        const isAuthority = (one: string) => /^\s*@cert-authority/.test(one);
        const found = (await lookUp([file], name)).map((one) => lines[one.line - 1]);
        expect([name, ...found]).toEqual([name, ...expected.filter((one) => !isAuthority(one))]);
        expect((await trustIn([file], name, undefined)).hasAuthority).toBe(expected.some(isAuthority));
        seen[expected.length > 0 ? 'found' : 'none']++;
      }
    }
    expect(Math.min(seen.found, seen.none)).toBeGreaterThan(20);
  });
});
