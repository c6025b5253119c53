import { lstat, rm, rmdir } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { hasErrno } from './errno.ts';
import { SwarmupError } from './errors.ts';
import { ifThere } from './files.ts';
import { stepsInside } from './inside.ts';

/**
 * Removes a file, or a folder with everything in it. The only place where swarmup removes anything on this computer.
 *
 * @param folder the folder that bounds the removal. The path to it is trusted, anything below it isn't
 * @param path what to remove, below `folder`; a missing path is not an error
 * @throws SwarmupError PATH_UNSAFE when the path isn't below the folder, or when it or a folder on the way to it is a
 * symbolic link
 */
export async function removeInside(folder: string, path: string): Promise<void> {
  const base = resolve(folder);
  const target = resolve(path);
  const steps = stepsInside(base, target);
  if (!steps) throw outside(target, base);
  for (let i = 1; i <= steps.length; i++) {
    const step = join(base, ...steps.slice(0, i));
    const found = await ifThere(lstat(step));
    if (!found) return;
    if (found.isSymbolicLink()) throw throughLink(target, step);
  }
  await rm(target, { recursive: true, force: true });
}

/** Like `removeInside`, bounded by the parent folder: for files and folders whose path swarmup made itself. */
export function removeOwn(path: string): Promise<void> {
  return removeInside(dirname(resolve(path)), path);
}

/** Removes a folder only if it is empty. */
export async function removeIfEmpty(folder: string): Promise<void> {
  try {
    await rmdir(folder);
  } catch (error) {
    if (!hasErrno(error, 'ENOTEMPTY', 'EEXIST', 'ENOENT', 'ENOTDIR')) throw error;
  }
}

function outside(target: string, base: string): SwarmupError {
  return new SwarmupError('PATH_UNSAFE', `${target} is not removed: it is not inside ${base}`, {
    fix: 'Something other than swarmup has changed a name into this path: find out what wrote it, and remove the path by hand.',
  });
}

function throughLink(target: string, link: string): SwarmupError {
  const what = target === link ? 'it is' : `${link} is`;
  return new SwarmupError('PATH_UNSAFE', `${target} is not removed: ${what} a symbolic link, which may lead anywhere`, {
    fix: `Check where it leads (ls -ld '${link.replaceAll("'", `'\\''`)}'), remove the link by hand, then run again.`,
  });
}
