import { existsSync, lstatSync, mkdirSync, mkdtempSync, readdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, relative } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { loadCluster } from '../support/cluster.ts';
import { makePrivate } from '../../lib/util/files.ts';
import { pruneRuns, runsFolder } from '../../lib/record/store.ts';
import { removeInside, removeOwn } from '../../lib/util/remove.ts';
import { StateFolder } from '../../lib/util/state-folder.ts';

const UNSAFE = { code: 'PATH_UNSAFE' };

/** A folder with `ours` in it, and beside it `precious`, which must stay untouched. */
let folder = '';
let ours = '';
let precious = '';

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'swarmup-removals-'));
  ours = join(folder, 'ours');
  precious = join(folder, 'precious');
  for (const path of [ours, precious]) mkdirSync(join(path, 'inside'), { recursive: true });
  writeFileSync(join(precious, 'inside', 'file'), 'kept');
});

const isWhole = () => existsSync(join(precious, 'inside', 'file'));

describe('a removal', () => {
  it('deletes a folder with its contents, a file, and accepts a missing path', async () => {
    writeFileSync(join(ours, 'file'), '');
    await removeInside(folder, join(ours, 'inside'));
    await removeInside(folder, join(ours, 'file'));
    await removeInside(folder, join(ours, 'never', 'there'));
    expect(readdirSync(ours)).toEqual([]);
  });

  it.each(['../precious', 'inside/../../precious', '.', '', '..', '../ours-too'])(
    'of %j is refused, as it would leave the bounding folder',
    async (path) => {
      await expect(removeInside(ours, `${ours}/${path}`)).rejects.toMatchObject(UNSAFE);
      expect(isWhole()).toBe(true);
    },
  );

  it('accepts paths relative to the current folder', async () => {
    const here = relative(process.cwd(), folder);
    writeFileSync(join(ours, 'file'), '');
    await removeOwn(join(here, 'ours', 'file'));
    await removeInside(here, join(here, 'ours', 'inside'));
    expect(readdirSync(ours)).toEqual([]);
    await expect(removeInside(join(here, 'ours'), join(here, 'precious'))).rejects.toMatchObject(UNSAFE);
  });

  it('outside the bounding folder is refused', async () => {
    await expect(removeInside(ours, precious)).rejects.toMatchObject(UNSAFE);
    expect(isWhole()).toBe(true);
  });

  it('follows no symbolic link, anywhere in the path', async () => {
    symlinkSync(precious, join(ours, 'link'));
    for (const path of ['link', 'link/inside', 'link/inside/file'])
      await expect(removeInside(ours, join(ours, path))).rejects.toMatchObject({
        ...UNSAFE,
        message: expect.stringContaining('symbolic link'),
        fix: expect.stringContaining(join(ours, 'link')),
      });
    await expect(removeOwn(join(ours, 'link'))).rejects.toMatchObject(UNSAFE);
    expect(isWhole()).toBe(true);
    expect(lstatSync(join(ours, 'link')).isSymbolicLink()).toBe(true);
  });

  it('deletes symbolic links in a folder, and not their targets', async () => {
    symlinkSync(precious, join(ours, 'inside', 'link'));
    await removeInside(folder, ours);
    expect(existsSync(ours)).toBe(false);
    expect(isWhole()).toBe(true);
  });
});

describe('records of runs', () => {
  const NAMES = ['2026-01-01T00-00-00Z', '2026-01-02T00-00-00Z', '2026-01-02T00-00-00Z-2'];

  it('are pruned, the oldest first, without touching anything else beside them', async () => {
    const runs = runsFolder(join(folder, '.swarmup', 'demo'));
    for (const name of [...NAMES, 'mine']) mkdirSync(join(runs, name), { recursive: true });
    await pruneRuns(runs, 1);
    expect(readdirSync(runs).toSorted()).toEqual([NAMES[2], 'mine']);
  });

  it.each(['runs', 'demo'])('are not pruned through a symbolic link in place of the folder %s', async (link) => {
    const root = join(folder, '.swarmup');
    const elsewhere = link === 'runs' ? precious : join(precious, 'runs');
    for (const name of NAMES) mkdirSync(join(elsewhere, name), { recursive: true });
    mkdirSync(link === 'runs' ? join(root, 'demo') : root, { recursive: true });
    symlinkSync(precious, link === 'runs' ? join(root, 'demo', 'runs') : join(root, 'demo'));
    await expect(pruneRuns(runsFolder(join(root, 'demo')), 1)).rejects.toMatchObject(UNSAFE);
    expect(NAMES.every((name) => existsSync(join(elsewhere, name)))).toBe(true);
  });
});

describe('a state folder with another user’s files', () => {
  const file = () => join(folder, 'swarmup.yaml');
  const load = (env = {}) => loadCluster({ file: file(), cwd: folder, env });

  beforeEach(() => writeFileSync(file(), 'name: demo\nprovider: { type: qemu }\n'));

  it.each(['ssh/known_hosts', 'machines/worker1/disk.qcow2', 'machines/worker1', 'hosts/a.json.part', 'a/b/c/d'])(
    'is refused before anything is made, when %s in it is a symbolic link',
    async (name) => {
      const path = join(folder, '.swarmup', 'demo', name);
      mkdirSync(dirname(path), { recursive: true });
      symlinkSync(name.endsWith('worker1') ? precious : join(precious, 'inside', 'file'), path);
      await expect(load()).rejects.toMatchObject({ ...UNSAFE, message: expect.stringContaining(`demo/${name}`) });
      expect(isWhole()).toBe(true);
    },
  );

  it('is refused before anything is made, when it, a cluster’s folder or a folder in that is a symbolic link', async () => {
    const root = join(folder, '.swarmup');
    mkdirSync(join(root, 'demo'), { recursive: true });
    expect((await load()).stateDir).toBe(join(root, 'demo'));
    symlinkSync(precious, join(root, 'demo', 'runs'));
    await expect(load()).rejects.toMatchObject({ ...UNSAFE, message: expect.stringContaining('demo/runs') });
    await removeInside(folder, join(root, 'demo'));
    symlinkSync(precious, join(root, 'demo'));
    await expect(load()).rejects.toMatchObject(UNSAFE);
    await expect(new StateFolder(join(root, 'demo')).remove()).rejects.toMatchObject(UNSAFE);
    await removeInside(folder, root);
    symlinkSync(precious, root);
    await expect(load()).rejects.toMatchObject({
      ...UNSAFE,
      fix: expect.stringContaining(`SWARMUP_STATE_DIR=${root}`),
    });
    expect((await load({ SWARMUP_STATE_DIR: root })).stateDir).toBe(join(root, 'demo'));
    expect(isWhole()).toBe(true);
  });
});

describe('the folder for sockets in a world-writable place', () => {
  it('is created for this user alone, and refused when it is a link or open to others', async () => {
    const path = join(folder, 'sockets');
    await makePrivate(path);
    await makePrivate(path);
    expect(lstatSync(path).mode & 0o777).toBe(0o700);
    symlinkSync(path, join(folder, 'link'));
    await expect(makePrivate(join(folder, 'link'))).rejects.toMatchObject(UNSAFE);
    writeFileSync(join(folder, 'file'), '');
    await expect(makePrivate(join(folder, 'file'))).rejects.toMatchObject(UNSAFE);
    mkdirSync(join(folder, 'open'), { mode: 0o755 });
    await expect(makePrivate(join(folder, 'open'))).rejects.toMatchObject(UNSAFE);
  });
});
