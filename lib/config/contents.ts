import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { messageOf } from '../util/errors.ts';
import type { Path } from './locate.ts';
import type { Reporter } from './reporter.ts';

/** The contents of a file that the cluster file names; one that can't be read is reported, and is empty. */
export async function contentsOf(path: string, place: Path, reporter: Reporter): Promise<Buffer> {
  const file = reporter.file(path, place);
  if (!existsSync(file)) return Buffer.alloc(0);
  try {
    return await readFile(file);
  } catch (error) {
    reporter.wrong(place, `${path} can't be read: ${messageOf(error)}`, 'expected a file that this user may read');
    return Buffer.alloc(0);
  }
}
