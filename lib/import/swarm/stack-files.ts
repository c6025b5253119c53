import { writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { exists } from '../../util/files.ts';
import type { StackFile } from './compose.ts';

/** Names of stacks that are safe as names of files. Source: docker/cli, cli/command/stack/common.go. */
const NAME = /^[A-Za-z0-9][A-Za-z0-9_-]{0,62}$/;

/** A Compose file and where it goes: beside the cluster file. */
interface Planned {
  readonly path: string;
  readonly text: string;
}

/**
 * Where the stacks' Compose files go. A file that exists is never overwritten.
 *
 * @param output the cluster file; without one, nothing is written
 * @returns also what the cluster file says about them
 */
export async function stackFiles(
  stacks: readonly StackFile[],
  output: string | undefined,
): Promise<{ readonly files: readonly Planned[]; readonly notes: readonly string[] }> {
  const named = stacks.filter(({ name }) => NAME.test(name));
  const others = stacks.filter(({ name }) => !NAME.test(name)).map(({ name }) => name);
  const odd =
    others.length === 0 ? [] : [`Left unchanged: stacks whose names can't be names of files: ${others.join(', ')}.`];
  if (named.length === 0) return { files: [], notes: odd };
  const list = named.map(({ name }) => name).join(', ');
  if (output === undefined)
    return {
      files: [],
      notes: [...odd, `Left unchanged: the stacks ${list}. With -o FILE, their Compose files are written too.`],
    };
  const files: Planned[] = [];
  for (const { name, text } of named) files.push({ path: await freePath(dirname(output), name), text });
  const notes = [
    ...odd,
    `Left unchanged: the stacks ${list}. Their Compose files here are made from their services; your own say more.`,
    'To deploy them with swarmup, compare the files and add to this one:',
    'stacks:',
    ...files.map(({ path }, i) => `  ${named[i]?.name ?? ''}: { file: ${path.slice(dirname(path).length + 1)} }`),
  ];
  return { files, notes };
}

async function freePath(folder: string, name: string): Promise<string> {
  for (let i = 1; ; i++) {
    const path = join(folder, `${name}${i === 1 ? '' : `.imported${i === 2 ? '' : String(i - 1)}`}.yml`);
    if (!(await exists(path))) return path;
  }
}

/** Writes the files. @throws when one has appeared meanwhile */
export async function writeStacks(files: readonly Planned[]): Promise<void> {
  for (const { path, text } of files) await writeFile(path, text, { flag: 'wx', mode: 0o644 });
}
