import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import { generateKeyPair } from '../../lib/remote/keys.ts';
import { lookUp, trustIn } from '../../lib/remote/known-hosts.ts';
import { needPackages } from '../support/packages.ts';
import { textOf, tried } from '../support/properties.ts';

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

const PIECES = 'a b . * ? [ ] : ! | 1 ( ) $ ^ \\ { }'.split(' ');
const known = fc.constantFrom(...NAMES);

/** A pattern that often matches one of the names, or almost. */
const pattern = fc.oneof(
  { weight: 2, arbitrary: known },
  { weight: 1, arbitrary: textOf(PIECES, 4) },
  {
    weight: 8,
    arbitrary: fc
      .tuple(known, fc.nat(20), fc.nat(7))
      .map(([name, at, kind]) => changed(name, at % (name.length + 1))[kind] ?? name),
  },
);

/** A name with a change in the place. */
function changed(name: string, at: number): readonly string[] {
  const [before, after] = [name.slice(0, at), name.slice(at + 1)];
  return [
    name.toUpperCase(),
    `!${name}`,
    '*',
    `${before}*`,
    `${before}?${after}`,
    `!${before}*`,
    name.replaceAll('.', '-'),
    `${name}+`,
  ];
}

const line = fc
  .tuple(
    fc.constantFrom('', '', '', '', '@revoked ', '@cert-authority ', '@other ', '#', '  ', '\t'),
    fc.array(pattern, { minLength: 1, maxLength: 3 }),
    fc.constantFrom(' ', '  ', '\t'),
    fc.constantFrom('x', ...KEYS),
    fc.constantFrom('', ' a comment', ' # another'),
  )
  .map(([marker, hosts, gap, key, comment]) => `${marker}${hosts.join(',')}${gap}${key}${comment}`);

/** A line without patterns and mistakes. */
const plainLine = fc
  .tuple(
    fc.constantFrom('', '', '@revoked '),
    fc.array(known, { minLength: 1, maxLength: 3 }),
    fc.constantFrom(...KEYS),
  )
  .map(([marker, hosts, key]) => `${marker}${hosts.join(',')} ${key}`);

/** Lines, and whether their names are hashed: ssh-keygen hashes only files without a mistake. */
const content = fc.oneof(
  { weight: 2, arbitrary: fc.record({ isHashed: fc.constant(false), lines: linesOf(line) }) },
  { weight: 1, arbitrary: fc.record({ isHashed: fc.constant(true), lines: linesOf(plainLine) }) },
);

function linesOf(one: fc.Arbitrary<string>): fc.Arbitrary<readonly string[]> {
  return fc.array(one, { minLength: 1, maxLength: 12 });
}

/** The numbers of the lines that OpenSSH finds for a name. */
function byOpenSsh(file: string, name: string): readonly number[] {
  const { stdout } = spawnSync('ssh-keygen', ['-F', name, '-f', file], { encoding: 'utf8' });
  return [...stdout.matchAll(/^# Host .* found: line (\d+)/gm)].map(([, number]) => Number(number));
}

describe('random known_hosts files', { timeout: 3_600_000 }, () => {
  it('say the same about a server as to OpenSSH, plain and hashed', async () => {
    const seen = { found: 0, none: 0 };
    await fc.assert(
      fc.asyncProperty(content, async ({ isHashed, lines: written }) => {
        const file = join(folder, 'known_hosts');
        writeFileSync(file, `${written.join('\n')}\n`);
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
      }),
      tried(25),
    );
    expect(Math.min(seen.found, seen.none)).toBeGreaterThan(20);
  });
});
