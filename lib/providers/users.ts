import { createHash } from 'node:crypto';
import { mkdir, readFile, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { ifThere } from '../util/files.ts';
import { removeInside } from '../util/remove.ts';

/**
 * Who uses a file or folder of the cache. Machines may be powered off and belong to any cluster of this user, so a user is noted
 * beside what it uses: the path of its own record, which counts as long as it exists and names what it uses.
 */

const noteSchema = z.object({ record: z.string() });

function folderOf(path: string): string {
  return `${path}.users`;
}

/** Whether a path of the cache is the notes about another one. */
export function isUsers(path: string): boolean {
  return path.endsWith('.users');
}

/** From now on, users of this path are noted: without this, nobody knows whether it is used. */
export async function trackUsers(path: string): Promise<void> {
  await mkdir(folderOf(path), { recursive: true, mode: 0o700 });
}

/** Notes a user. @param record the path of the file that says so */
export async function addUser(path: string, record: string): Promise<void> {
  await trackUsers(path);
  const name = createHash('sha256').update(record).digest('hex').slice(0, 20);
  await writeFile(join(folderOf(path), `${name}.json`), `${JSON.stringify({ record })}\n`, { mode: 0o600 });
}

/** The records of those that use a path; undefined where users were never noted. */
export async function usersOf(path: string): Promise<readonly string[] | undefined> {
  const folder = folderOf(path);
  const names = await ifThere(readdir(folder));
  if (!names) return undefined;
  const users = await Promise.all(
    names.map(async (name) => {
      const { record } = noteSchema.parse(JSON.parse(await readFile(join(folder, name), 'utf8')));
      const text = await ifThere(readFile(record, 'utf8'));
      return text?.includes(JSON.stringify(path).slice(1, -1)) ? [record] : [];
    }),
  );
  return users.flat();
}

/** Removes something that swarmup made, and the notes about who uses it. @param folder bounds the removal */
export async function removeUsed(folder: string, path: string): Promise<void> {
  await removeInside(folder, path);
  await removeInside(folder, folderOf(path));
}
