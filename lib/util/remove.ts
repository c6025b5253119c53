import { lstat, rm, rmdir } from 'node:fs/promises';
import { dirname, isAbsolute, join, relative, resolve, sep } from 'node:path';
import { hasErrno } from './errno.ts';
import { SwarmupError } from './errors.ts';
import { ifThere } from './files.ts';

/**
 * Removes a file, or a folder with everything in it. The only place where swarmup removes anything on this computer.
 *
 * @param folder the folder that bounds the removal. What leads to it is trusted; nothing below it is
 * @param path what to remove, below `folder`. It is no error when it doesn't exist
 * @throws SwarmupError PATH_UNSAFE when the path isn't below the folder, or when it or a folder on the way to it is a symbolic link
 */
export async function removeInside(folder: string, path: string): Promise<void> {
  const base = resolve(folder);
  const target = resolve(path);
  const steps = relative(base, target).split(sep);
  if (steps[0] === '' || steps[0] === '..' || isAbsolute(steps.join(sep))) throw outside(target, base);
  for (let i = 1; i <= steps.length; i++) {
    const step = join(base, ...steps.slice(0, i));
    const found = await ifThere(lstat(step));
    if (!found) return;
    if (found.isSymbolicLink()) throw throughLink(target, step);
  }
  await rm(target, { recursive: true, force: true });
}

/** Removes what `removeInside` would, within the folder it lies in: for files and folders whose path swarmup made itself. */
export function removeOwn(path: string): Promise<void> {
  return removeInside(dirname(resolve(path)), path);
}

/** Removes a folder that is empty; any other stays. */
export async function removeIfEmpty(folder: string): Promise<void> {
  try {
    await rmdir(folder);
  } catch (error) {
    if (!hasErrno(error, 'ENOTEMPTY', 'EEXIST', 'ENOENT', 'ENOTDIR')) throw error;
  }
}

function outside(target: string, base: string): SwarmupError {
  return new SwarmupError('PATH_UNSAFE', `${target} is not removed: it isn't inside ${base}`, {
    fix: 'A name has been changed into a path by something other than swarmup: look for who wrote it, and remove it by hand.',
  });
}

function throughLink(target: string, link: string): SwarmupError {
  const what = target === link ? 'it is' : `${link} is`;
  return new SwarmupError('PATH_UNSAFE', `${target} is not removed: ${what} a symbolic link, and may lead anywhere`, {
    fix: `See where it leads (ls -ld '${link.replaceAll("'", `'\\''`)}'), remove the link by hand, then run again.`,
  });
}
