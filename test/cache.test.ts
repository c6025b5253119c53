import { existsSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { addUser, trackUsers } from '../lib/providers/users.ts';
import { Cli } from './support/cli.ts';

const folder = mkdtempSync(join(tmpdir(), 'swarmup-cache-'));
const cache = join(folder, 'cache');
const cli = new Cli(folder, { SWARMUP_CACHE_DIR: cache });
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function file(...parts: string[]): string {
  const path = join(cache, ...parts);
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, 'x'.repeat(10_000));
  return path;
}

const old = file('images', 'made-before', 'disk.raw');
const used = file('images', 'used', 'disk.raw');
const unused = file('images', 'unused', 'disk.qcow2');
const building = file('images', '.building-x', 'disk.raw');
const state = dirname(file('states', 'k1', 'memory'));
const download = file('downloads', 'abc.qcow2');
const container = file('container-images', 'nginx.tar');
const compiled = dirname(file('compiled', 'v24', 'module'));
const outside = join(folder, 'outside');
mkdirSync(outside);
symlinkSync(outside, join(cache, 'downloads', 'link'));
await trackUsers(unused);
await trackUsers(download);
await trackUsers(join(cache, 'downloads', 'link'));
const record = join(folder, 'machine.json');
writeFileSync(record, JSON.stringify({ state, boot: { disk: used } }));
await addUser(used, record);
await addUser(state, record);

interface Listed {
  readonly folder: string;
  readonly entries: readonly { readonly name: string; readonly bytes: number; readonly usedBy?: readonly string[] }[];
}

// Each test continues from the one before.
describe('swarmup cache', { shuffle: false }, () => {
  it('lists what is kept, with sizes and users, and nothing that is being built', async () => {
    const { document } = await cli.json<Listed>('cache');
    expect(document.folder).toBe(cache);
    const byName = Object.fromEntries(document.entries.map((entry) => [entry.name, entry]));
    expect(Object.keys(byName).toSorted()).toEqual(
      ['abc.qcow2', 'k1', 'link', 'made-before', 'nginx.tar', 'unused', 'used', 'v24'].toSorted(),
    );
    expect(byName['used']?.usedBy).toEqual([record]);
    expect(byName['made-before']?.usedBy).toBeUndefined();
    expect(byName['k1']?.bytes).toBeGreaterThanOrEqual(10_000);
    expect((await cli.run(['cache'])).stdout).toMatch(/^machine state +k1 +\d+ MB +\S+ +1$/m);
  });

  it('asks before it clears anything', async () => {
    const refused = await cli.run(['cache', 'clear']);
    expect(refused.stderr).toContain('--yes');
    expect(existsSync(unused)).toBe(true);
  });

  it('never follows a link out of the cache', async () => {
    expect((await cli.run(['cache', 'clear', '--yes'])).stderr).toContain('symbolic link');
    expect(existsSync(outside)).toBe(true);
    rmSync(join(cache, 'downloads', 'link'));
  });

  it('clears what no machine uses, and keeps what one uses or may use', async () => {
    expect((await cli.run(['cache', 'clear', '--yes'])).status).toBe(0);
    expect([unused, download, container, compiled].map((path) => existsSync(path))).toEqual([
      false,
      false,
      false,
      false,
    ]);
    expect([old, used, state, building].map((path) => existsSync(path))).toEqual([true, true, true, true]);
  });

  it('clears the rest once the machine is gone', async () => {
    rmSync(record);
    expect((await cli.run(['cache', 'clear', '--yes'])).status).toBe(0);
    expect([used, state].map((path) => existsSync(path))).toEqual([false, false]);
    expect((await cli.run(['cache', 'clear', '--yes'])).stdout).toContain('nothing to remove');
  });

  it('refuses another word, with the nearest right one', async () => {
    const wrong = await cli.run(['cache', 'clera']);
    expect(wrong.stderr).toMatch(/there is no cache command 'clera'[^]*Did you mean 'clear'/);
    expect(wrong.status).toBe(2);
  });
});
