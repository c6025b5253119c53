import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { exists } from '../../util/files.ts';
import type { Sections } from '../cluster-text.ts';
import { reasonAgainst, type Found, type NamedStack } from './checked-stack.ts';
import type { StackFile } from './compose.ts';

/** Names of stacks that are safe as names of files. Source: docker/cli, cli/command/stack/common.go. */
const NAME = /^[A-Za-z0-9][A-Za-z0-9_-]{0,62}$/;

/** What a cluster file says of stacks. */
export interface WrittenStacks {
  readonly stacks: Sections;
  readonly notes: readonly string[];
}

/** The notes on stacks whose Compose files aren't written. */
export function stacksLeft(stacks: readonly StackFile[]): readonly string[] {
  const list = stacks.map(({ name }) => name).join(', ');
  return list === ''
    ? []
    : [`Left unchanged: the stacks ${list}. With -o FILE, they are written too, as Compose files.`];
}

/**
 * Writes the stacks' Compose files beside the cluster file, each under a name that is free: no file is overwritten. A
 * stack for which `plan` would show a change isn't part of the cluster file.
 *
 * @param folder that of the cluster file
 */
export async function writeStacks(stacks: readonly StackFile[], folder: string, found: Found): Promise<WrittenStacks> {
  const sections: Record<string, Sections[string]> = {};
  const notes: string[] = [];
  for (const stack of stacks) {
    const { name } = stack;
    if (!NAME.test(name)) {
      notes.push(`Left unchanged, as its name can't be the name of a file: stack ${name}.`);
      continue;
    }
    const file = await written(stack, folder);
    const reason = await reasonAgainst(file, found);
    if (reason === undefined) sections[name] = { file: file.file };
    else notes.push(`Left unchanged: the stack ${name} (${reason}). Its services are in ${file.file}.`);
  }
  const files = Object.values(sections).map(({ file }) => String(file));
  if (files.length > 0)
    notes.push(`Made from the stacks' services, as your own files may say more: ${files.join(', ')}.`);
  return { stacks: sections, notes };
}

async function written({ name, text }: StackFile, folder: string): Promise<NamedStack> {
  const file = await freeName(folder, name);
  await writeFile(join(folder, file), text, { flag: 'wx', mode: 0o644 });
  return { name, folder, file };
}

async function freeName(folder: string, name: string): Promise<string> {
  for (let i = 1; ; i++) {
    const file = `${name}${i === 1 ? '' : `.imported${i === 2 ? '' : String(i - 1)}`}.yml`;
    if (!(await exists(join(folder, file)))) return file;
  }
}
