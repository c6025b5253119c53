import { join } from 'node:path';
import { SwarmupError } from '../util/errors.ts';
import { exists } from '../util/files.ts';
import { findMirror } from './debian-mirror.ts';
import type { LocalCommands } from '../contracts/local-commands.ts';
import { SingleFlight } from '../async/single-flight.ts';
import { readArchive } from './archive.ts';
import type { ArchivedImage, ImageStore } from '../contracts/images.ts';
import { buildDebianImage } from './debian.ts';
import { NGINX, nginxImage } from './nginx.ts';
import { isImage } from '../util/image-reference.ts';

export interface ImageStoreOptions {
  readonly local: LocalCommands;
  readonly cache: string;
  /** The cluster file's mirror, if it names one. */
  readonly mirror: string | undefined;
}

export function imageStore({ local, cache, mirror }: ImageStoreOptions): ImageStore {
  const read = new SingleFlight<readonly ArchivedImage[]>();
  const built = new SingleFlight<string>();
  return {
    contents: (file) => read.run(file, () => readArchive(file)),
    canBuild: (name) => isImage(NGINX, name),
    build: (name, { signal, report }) =>
      built.share(name, signal, async (shared) => {
        const file = join(cache, 'container-images', `nginx-debian-12-${process.arch}.tar`);
        if (await exists(file)) return file;
        if (!(await local.which('mmdebstrap'))) {
          throw new SwarmupError('PACKAGE_MISSING', `${name} can't be built here: mmdebstrap is not installed`, {
            fix: 'Install mmdebstrap, or supply the image with images.load.',
          });
        }
        await buildDebianImage(nginxImage, file, {
          local,
          mirror: (await findMirror(mirror)).main,
          signal: shared,
          report,
        });
        return file;
      }),
  };
}
