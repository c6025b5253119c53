import { link, open, rename, stat } from 'node:fs/promises';
import { buffer } from 'node:stream/consumers';
import { dirname } from 'node:path';
import { createGzip } from 'node:zlib';
import { pack } from 'tar-stream';
import { hasErrno } from '../util/errno.ts';
import { messageOf, SwarmupError } from '../util/errors.ts';
import { exists } from '../util/files.ts';
import { removeOwn } from '../util/remove.ts';
import type { SealedFile } from './gate.ts';

/** @throws SwarmupError USAGE when the file exists, or its folder doesn't */
export async function requireFree(file: string): Promise<void> {
  if (await exists(file)) throw taken(file);
  const folder = dirname(file);
  const isFolder = await stat(folder).then(
    (found) => found.isDirectory(),
    () => false,
  );
  if (!isFolder)
    throw new SwarmupError('USAGE', `the folder ${folder} does not exist`, {
      fix: 'Create it, or name another file: -o FILE',
    });
}

/**
 * Writes the files as one gzipped tar archive, readable only by its owner. It gets its name when it is complete; an
 * existing file is never replaced.
 *
 * @param folder the folder in the archive that has the files
 * @throws SwarmupError USAGE when the file exists or can't be written
 */
export async function writeArchive(
  file: string,
  folder: string,
  files: readonly SealedFile[],
  now: Date,
): Promise<void> {
  const data = await archiveOf(folder, files, now);
  const unfinished = `${file}.part`;
  let own = false;
  try {
    const handle = await open(unfinished, 'wx', 0o600);
    own = true;
    try {
      await handle.writeFile(data);
      await handle.sync();
    } finally {
      await handle.close();
    }
    await publish(unfinished, file);
  } catch (error) {
    if (error instanceof SwarmupError) throw error;
    const what = hasErrno(error, 'EEXIST') ? `${unfinished} exists` : messageOf(error);
    throw new SwarmupError('USAGE', `${file} can't be written: ${what}`, {
      fix: 'Name another file: -o FILE',
      cause: error,
    });
  } finally {
    if (own) await removeOwn(unfinished);
  }
}

/** Renaming would replace a file that appeared meanwhile; a link doesn't. Source: link(2), rename(2). */
async function publish(unfinished: string, file: string): Promise<void> {
  try {
    await link(unfinished, file);
  } catch (error) {
    if (hasErrno(error, 'EEXIST')) throw taken(file);
    // File systems such as FAT have no links.
    if (!hasErrno(error, 'EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS', 'EMLINK')) throw error;
    if (await exists(file)) throw taken(file);
    await rename(unfinished, file);
  }
}

async function archiveOf(folder: string, files: readonly SealedFile[], mtime: Date): Promise<Buffer> {
  const archive = pack();
  for (const { name, text } of files) archive.entry({ name: `${folder}/${name}`, mode: 0o600, mtime }, text);
  archive.finalize();
  return buffer(archive.pipe(createGzip()));
}

function taken(file: string): SwarmupError {
  return new SwarmupError('USAGE', `${file} exists, and a diagnosis never overwrites a file`, {
    fix: 'Name another file: -o FILE',
  });
}
