import { isAbsolute, relative, sep } from 'node:path';

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
