import { lstatSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, isAbsolute, join } from 'node:path';
import { holdsSockets } from '../../remote/sockets.ts';
import { isPrivate, isPrivateFolder, makePrivate, requirePrivate } from '../../util/files.ts';
import { removeOwn } from '../../util/remove.ts';
import { userId } from '../../util/user.ts';

/** The most bytes of a UNIX socket's path. Source: unix(7); sys/un.h of macOS, whose 104 include the final zero. */
const LONGEST = process.platform === 'darwin' ? 103 : 107;
/** As long as the longest name of a socket. */
const SOME_SOCKET = `${'0'.repeat(12)}.state`;

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * Where a cluster's sockets may be, the best first:
 *
 * 1. its state folder, which lives as long as the machines;
 * 2. the user's runtime folder, which systemd empties when the user logs out;
 * 3. the folder for temporary files, where another user can occupy the name (which is then refused).
 *
 * A folder whose path is too long for a socket is left out. The last one is always short.
 */
export function socketFolders(stateDir: string, realm: string, env: Environment): readonly string[] {
  const runtime = env['XDG_RUNTIME_DIR'] ?? '';
  const others = [join(stateDir, 'sockets')];
  if (isAbsolute(runtime) && isPrivateNow(runtime)) others.push(join(runtime, `swarmup-${realm}`));
  return [
    ...others.filter((folder) => Buffer.byteLength(join(folder, SOME_SOCKET)) <= LONGEST),
    join(tmpdir(), `swarmup-${userId()}-${realm}`),
  ];
}

/** The one that exists; before any does, the last. Its owner and mode are read again at every call. */
export function socketFolderOf(folders: readonly string[]): string {
  return folders.find(isPrivateNow) ?? folders.at(-1) ?? '';
}

/**
 * Makes the first folder that can hold sockets, unless one exists. Some file systems, such as folders that a virtual
 * machine shares, can't.
 *
 * @throws SwarmupError PATH_UNSAFE when another user could get at it
 */
export async function makeSocketFolder(folders: readonly string[]): Promise<void> {
  if (folders.some(isPrivateNow)) return;
  for (const folder of folders.slice(0, -1)) {
    await makePrivate(folder);
    if (await holdsSockets(join(folder, SOME_SOCKET))) return;
    await removeOwn(folder);
  }
  await makePrivate(folders.at(-1) ?? '');
}

/** @throws SwarmupError PATH_UNSAFE when another user could have put the socket there */
export async function checkedSocket(path: string): Promise<string> {
  await requirePrivate(dirname(path));
  return path;
}

/** Removes a machine's sockets, unless their folder is another user's. */
export async function removeSockets(paths: readonly string[]): Promise<void> {
  for (const path of paths) if (await isPrivate(dirname(path))) await removeOwn(path);
}

/** Removes what is left of the sockets of a cluster; folders of others are left alone. */
export async function removeSocketFolders(folders: readonly string[]): Promise<void> {
  for (const folder of folders) if (await isPrivate(folder)) await removeOwn(folder);
}

function isPrivateNow(path: string): boolean {
  return isPrivateFolder(lstatSync(path, { throwIfNoEntry: false }));
}
