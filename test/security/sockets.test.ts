import {
  chmodSync,
  chownSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { Layout } from '../../lib/providers/qemu/layout.ts';
import {
  checkedSocket,
  makeSocketFolder,
  removeSocketFolders,
  removeSockets,
} from '../../lib/providers/qemu/sockets.ts';

const UNSAFE = { code: 'PATH_UNSAFE', fix: expect.stringContaining('ls -ld') };
const NOBODY = 65_534;
const isRoot = process.getuid?.() === 0;
const root = mkdtempSync(join(tmpdir(), 's-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));

const folder = () => mkdtempSync(join(root, 'f-'));
/** Too long for a socket. */
const deep = () => join(folder(), 'a'.repeat(60), 'b'.repeat(60));
const layoutIn = (stateDir: string, env = {}) => new Layout({ name: 'c', stateDir }, env);
const runtime = () => {
  const path = folder();
  chmodSync(path, 0o700);
  return path;
};

describe("the folder of a cluster's sockets", () => {
  it('is in the state folder, for this user alone', async () => {
    const stateDir = folder();
    const layout = layoutIn(stateDir, { XDG_RUNTIME_DIR: runtime() });
    await makeSocketFolder(layout.socketFolders);
    expect(layout.runtimeDir).toBe(join(stateDir, 'sockets'));
    expect(statSync(layout.runtimeDir).mode & 0o777).toBe(0o700);
  });

  it("is in the user's runtime folder when the state folder's path is too long for a socket", async () => {
    const own = runtime();
    const layout = layoutIn(deep(), { XDG_RUNTIME_DIR: own });
    await makeSocketFolder(layout.socketFolders);
    expect(layout.runtimeDir).toBe(join(own, `swarmup-${layout.realm}`));
    expect(Buffer.byteLength(layout.transferSocket('n1'))).toBeLessThanOrEqual(107);
  });

  it.each([
    ['open to others', (path: string) => chmodSync(path, 0o755)],
    ["another user's", (path: string) => isRoot && chownSync(path, NOBODY, NOBODY)],
    ['missing', (path: string) => rmSync(path, { recursive: true })],
    ['a symbolic link', (path: string) => (rmSync(path, { recursive: true }), symlinkSync(folder(), path))],
  ])('is not in a runtime folder that is %s', async (what, change) => {
    if (!isRoot && what.startsWith('another')) return;
    const own = runtime();
    change(own);
    const layout = layoutIn(deep(), { XDG_RUNTIME_DIR: own });
    expect(layout.socketFolders).toEqual([join(tmpdir(), `swarmup-${process.getuid?.()}-${layout.realm}`)]);
  });

  it('is in no relative runtime folder', () => {
    expect(layoutIn(deep(), { XDG_RUNTIME_DIR: '.' }).socketFolders).toHaveLength(1);
  });

  const spoilt: [string, (path: string) => void][] = [
    ['open to others', (path) => (mkdirSync(path), chmodSync(path, 0o777))],
    ['readable by a group', (path) => (mkdirSync(path), chmodSync(path, 0o740))],
    ['a symbolic link', (path) => symlinkSync(folder(), path)],
    ['a file', (path) => writeFileSync(path, '')],
  ];
  if (isRoot)
    spoilt.push(["another user's", (path) => (mkdirSync(path, { mode: 0o700 }), chownSync(path, NOBODY, NOBODY))]);

  it.each(spoilt)('is refused when it is %s, and stays as it is', async (_what, make) => {
    for (const layout of [layoutIn(folder()), layoutIn(deep())]) {
      const path = layout.socketFolders[0] ?? '';
      make(path);
      const before = lstatSync(path);
      await expect(makeSocketFolder(layout.socketFolders)).rejects.toMatchObject(UNSAFE);
      await expect(checkedSocket(join(path, 'x.qmp'))).rejects.toMatchObject(UNSAFE);
      await removeSockets([join(path, 'x.qmp')]);
      await removeSocketFolders(layout.socketFolders);
      expect(lstatSync(path)).toMatchObject({ mode: before.mode, uid: before.uid });
      rmSync(path, { recursive: true });
    }
  });

  it('is checked at every use, not only when it is made', async () => {
    const layout = layoutIn(folder());
    await makeSocketFolder(layout.socketFolders);
    const socket = layout.qmpSocket('n1');
    expect(await checkedSocket(socket)).toBe(socket);
    chmodSync(layout.runtimeDir, 0o755);
    await expect(checkedSocket(socket)).rejects.toMatchObject(UNSAFE);
    expect(layout.runtimeDir).not.toBe(join(socket, '..'));
  });

  it('is the one that exists, wherever the next run would make it', async () => {
    const stateDir = deep();
    const env = { XDG_RUNTIME_DIR: runtime() };
    await makeSocketFolder(layoutIn(stateDir).socketFolders);
    const layout = layoutIn(stateDir, env);
    await makeSocketFolder(layout.socketFolders);
    expect(layout.runtimeDir).toBe(layout.socketFolders.at(-1));
    await removeSocketFolders(layout.socketFolders);
    expect(layout.socketFolders.some((path) => existsSync(path))).toBe(false);
  });
});
