import { chmodSync, chownSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { findSource, type SourceRequest } from '../../lib/config/source.ts';
import { loadCluster } from '../../lib/session/load.ts';
import { ROOT } from '../support/cli.ts';

const top = mkdtempSync(join(tmpdir(), 'swarmup-source-'));
const home = join(top, 'home');
const deep = join(home, 'shop', 'deploy');
const FILE = 'name: x\nprovider: { type: hosts }\nnodes: [{ name: a, role: manager, address: 127.0.0.1 }]\n';

beforeEach(() => {
  rmSync(top, { recursive: true });
  mkdirSync(deep, { recursive: true });
  vi.stubEnv('HOME', home);
});
afterAll(() => {
  vi.unstubAllEnvs();
  rmSync(top, { recursive: true, force: true });
});

// Only root can give a file to another user.
const itAsRoot = it.skipIf(process.getuid?.() !== 0);
const find = (more: Partial<SourceRequest> = {}) => findSource({ cwd: deep, env: {}, ...more });
const write = (path: string, text = FILE) => writeFileSync(join(top, path), text);

describe('the search for the cluster file', () => {
  it('takes -f, then SWARMUP_FILE, then the file here, then the nearest one above', () => {
    write('home/swarmup.yaml');
    expect(find()).toEqual({
      path: join(home, 'swarmup.yaml'),
      shown: '../../swarmup.yaml',
      folder: home,
      from: 'search',
    });
    write('home/shop/swarmup.yml');
    expect(find().shown).toBe('../swarmup.yml');
    write('home/shop/deploy/swarmup.yaml');
    expect(find().shown).toBe('swarmup.yaml');
    const env = { SWARMUP_FILE: '../other.yaml' };
    expect(find({ env })).toMatchObject({ path: join(home, 'shop/other.yaml'), from: 'environment' });
    expect(find({ env, file: 'mine.yaml' })).toMatchObject({ path: join(deep, 'mine.yaml'), shown: 'mine.yaml' });
  });

  it('ends at the home folder, and at the border of a file system', () => {
    write('swarmup.yaml');
    expect(() => find()).toThrow(
      `there is no swarmup.yaml or swarmup.yml in ${deep}, nor in a folder above it up to ${home}`,
    );
    // Outside of the home folder it continues.
    mkdirSync(join(top, 'srv'));
    expect(find({ cwd: join(top, 'srv') }).shown).toBe('../swarmup.yaml');
    // /proc is a file system of its own.
    expect(() => find({ cwd: '/proc/self/net' })).toThrow(/up to \/proc$/);
  });

  it('refuses two files, and two names', () => {
    write('home/shop/swarmup.yaml');
    write('home/shop/swarmup.yml');
    expect(() => find()).toThrow(
      expect.objectContaining({
        code: 'CONFIG_INVALID',
        message: `${home}/shop has both swarmup.yaml and swarmup.yml`,
      }),
    );
    expect(() => find({ file: 'a.yaml', example: 'local' })).toThrow(expect.objectContaining({ code: 'USAGE' }));
  });

  itAsRoot('uses no file above that another user could have written', () => {
    write('home/shop/swarmup.yaml');
    chownSync(join(home, 'shop/swarmup.yaml'), 12_345, 12_345);
    const foreign = expect.objectContaining({
      code: 'PATH_UNSAFE',
      message: expect.stringContaining('belongs to another user'),
    });
    expect(() => find()).toThrow(foreign);
    expect(find({ env: { SUDO_UID: '12345' } }).from).toBe('search');
    chownSync(join(home, 'shop/swarmup.yaml'), 0, 0);
    chmodSync(join(home, 'shop/swarmup.yaml'), 0o666);
    expect(() => find()).toThrow(/every user may write/);
    chmodSync(join(home, 'shop/swarmup.yaml'), 0o600);
    expect(find().from).toBe('search');
    // Here it is as good as named.
    write('home/shop/deploy/swarmup.yaml');
    chownSync(join(deep, 'swarmup.yaml'), 12_345, 12_345);
    expect(find().shown).toBe('swarmup.yaml');
  });

  itAsRoot('judges a link by its own owner as well', () => {
    write('own.yaml');
    symlinkSync(join(top, 'own.yaml'), join(home, 'shop/swarmup.yaml'));
    expect(find().from).toBe('search');
    write('foreign.yaml');
    chownSync(join(top, 'foreign.yaml'), 12_345, 12_345);
    rmSync(join(home, 'shop/swarmup.yaml'));
    symlinkSync(join(top, 'foreign.yaml'), join(home, 'shop/swarmup.yaml'));
    expect(() => find()).toThrow(/belongs to another user/);
  });

  it('takes a shipped file only when asked, or in swarmup’s own checkout', () => {
    expect(() => find()).toThrow(expect.objectContaining({ code: 'CONFIG_NOT_FOUND' }));
    expect(find({ example: 'local' })).toMatchObject({
      path: join(ROOT, 'config/local.yaml'),
      folder: deep,
      from: 'example',
    });
    expect(find({ cwd: ROOT })).toMatchObject({ path: join(ROOT, 'config/local.yaml'), from: 'checkout' });
    expect(() => find({ cwd: join(ROOT, 'docs') })).toThrow(expect.objectContaining({ code: 'CONFIG_NOT_FOUND' }));
    expect(() => find({ example: 'locla' })).toThrow(
      expect.objectContaining({ code: 'UNKNOWN_NAME', fix: expect.stringContaining("'local'") }),
    );
    expect(() => find({ example: '../config/local' })).toThrow(expect.objectContaining({ code: 'UNKNOWN_NAME' }));
  });

  it('names a file that is likely meant', () => {
    write('home/shop/deploy/swarm-up.yaml');
    expect(() => find()).toThrow(
      expect.objectContaining({
        fix: expect.stringContaining('If you mean swarm-up.yaml, name it: -f swarm-up.yaml.'),
      }),
    );
  });
});

describe('what is no cluster file', () => {
  const refusal = (file: string) =>
    loadCluster(file, { cwd: deep, env: {} }).then(
      () => undefined,
      ({ code, message, fix }) => ({ code, message, fix }),
    );

  it('is refused in one sentence', async () => {
    write('home/shop/deploy/empty.yaml', '# nothing yet\n');
    expect(await refusal('empty.yaml')).toMatchObject({ code: 'CONFIG_INVALID', message: 'empty.yaml is empty' });
    write('home/shop/deploy/compose.yaml', 'services:\n  web: { image: nginx, build: . }\n');
    expect(await refusal('compose.yaml')).toEqual({
      code: 'CONFIG_INVALID',
      message: 'compose.yaml is a Compose file, not a cluster file',
      fix: 'Name it as a stack in a cluster file: stacks: { NAME: { file: "compose.yaml" } }',
    });
    write('home/shop/deploy/pod.yaml', 'apiVersion: v1\nkind: Pod\n');
    expect((await refusal('pod.yaml'))?.message).toContain('Kubernetes');
  });

  it('may be a folder, missing or unreadable', async () => {
    write('home/shop/deploy/swarmup.yaml');
    expect(await refusal('.')).toMatchObject({
      message: '. is a folder, not a cluster file',
      fix: 'Name the file: -f swarmup.yaml',
    });
    expect(await refusal('..')).toMatchObject({ fix: 'Name a file with -f FILE.' });
    expect((await refusal('none.yaml'))?.message).toBe('there is no cluster file none.yaml');
  });
});
