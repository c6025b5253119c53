import { isAbsolute, join, relative, resolve, sep } from 'node:path';
import { SwarmupError } from './errors.ts';

/**
 * The names that lead from a folder to a path below it; undefined when the path is the folder itself or outside it. Reads
 * nothing: links are not followed.
 *
 * @param folder absolute path
 * @param path absolute path
 */
export function stepsInside(folder: string, path: string): readonly string[] | undefined {
  const way = relative(folder, path);
  const steps = way.split(sep);
  return steps[0] === '' || steps[0] === '..' || isAbsolute(way) ? undefined : steps;
}

/**
 * A path below a folder, made from names that may come from outside.
 *
 * @throws SwarmupError PATH_UNSAFE when it would lead out of the folder
 */
export function joinInside(folder: string, ...names: readonly string[]): string {
  const path = join(folder, ...names);
  if (names.some((name) => name.includes('\0')) || !stepsInside(resolve(folder), resolve(path)))
    throw new SwarmupError('PATH_UNSAFE', `'${names.join('/')}' is not a name of something inside ${folder}`, {
      fix: 'Find out where this name comes from (a tag, a host, a file), and correct it there.',
    });
  return path;
}
