import { dirname, extname, join, resolve } from 'node:path';
import { z } from 'zod';
import type { Cluster } from '../config/model.ts';
import { SwarmupError } from '../util/errors.ts';
import { exists } from '../util/files.ts';
import { download } from '../remote/download.ts';
import type { ProviderIo } from '../contracts/provider.ts';

/** The keys of a disk image to download. */
export const downloadKeys = {
  url: z.url().optional().describe('Where to download such an image.'),
  sha256: z
    .string()
    .regex(/^[0-9a-f]{64}$/, { error: 'expected 64 hexadecimal digits' })
    .optional()
    .describe("The image's SHA-256; required with url."),
};

/** The user's own disk image: a file, or a URL with its checksum. */
interface OwnImage {
  readonly path?: string | undefined;
  readonly url?: string | undefined;
  readonly sha256?: string | undefined;
}

/**
 * The file of a disk image, downloaded into the cache if it isn't there yet.
 *
 * @throws SwarmupError CONFIG_INVALID, DOWNLOAD_FAILED, CHECKSUM_MISMATCH
 */
export async function ownImageFile(
  { path, url, sha256 }: OwnImage,
  { cluster, cache }: { readonly cluster: Pick<Cluster, 'file'>; readonly cache: string },
  io: ProviderIo,
): Promise<string> {
  if (path) {
    const file = resolve(dirname(cluster.file), path);
    if (await exists(file)) return file;
    throw new SwarmupError('CONFIG_INVALID', `provider.image.path: ${file} does not exist`, {
      fix: 'Correct the path; it is relative to the cluster file.',
    });
  }
  if (!url || !sha256) {
    throw new SwarmupError('CONFIG_INVALID', 'provider.image needs a path, or a url with its sha256', {
      fix: 'Set one of the two; the checksum protects against booting a manipulated image.',
    });
  }
  const file = join(cache, 'downloads', `${sha256}${extname(new URL(url).pathname)}`);
  if (!(await exists(file))) {
    await download({
      url,
      file,
      checksum: { algorithm: 'sha256', hex: sha256 },
      signal: io.signal,
      onProgress: (progress) => io.report('downloading the image', progress),
    });
  }
  return file;
}
