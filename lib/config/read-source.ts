import { existsSync, statSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { hasErrno } from '../util/errno.ts';
import { SwarmupError } from '../util/errors.ts';
import { quote } from '../util/shell-quote.ts';
import { NAMES, type ClusterSource } from './source.ts';

/**
 * The bytes of a cluster file.
 *
 * @param stdin standard input, for the file `-`
 * @throws SwarmupError CONFIG_NOT_FOUND for a missing file, a folder, or a file that this user can't read
 */
export async function readSource(source: ClusterSource, stdin?: () => Promise<Buffer>): Promise<Buffer> {
  if (source.from === 'stdin' && stdin) return stdin();
  try {
    return await readFile(source.path);
  } catch (cause) {
    throw new SwarmupError('CONFIG_NOT_FOUND', ...reasonOf(source, cause));
  }
}

function reasonOf({ path, shown, from }: ClusterSource, cause: unknown): [string, { fix: string; cause: unknown }] {
  const whose = from === 'environment' ? ' (from SWARMUP_FILE)' : '';
  const named = `${shown}${whose}`;
  if (hasErrno(cause, 'EISDIR')) {
    const inside = NAMES.find((name) => existsSync(join(path, name)));
    return [
      `${named} is a folder, not a cluster file`,
      { fix: inside ? `Name the file: -f ${quote([join(shown, inside)])}` : 'Name a file with -f FILE.', cause },
    ];
  }
  if (hasErrno(cause, 'EACCES', 'EPERM')) {
    const { uid, mode } = statSync(path, { throwIfNoEntry: false }) ?? {};
    const about =
      uid === undefined || mode === undefined
        ? ''
        : `: it belongs to user ${uid}, with mode 0${(mode & 0o777).toString(8)}`;
    return [
      `${named} can't be read${about}`,
      { fix: `Let this user read it: sudo chown $(id -u) ${quote([path])}`, cause },
    ];
  }
  return [
    `there is no cluster file ${named}`,
    { fix: 'Name an existing one with -f FILE, or try an example: swarmup up --example local', cause },
  ];
}
