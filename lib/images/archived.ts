import type { RunContext } from '../contracts/context.ts';
import { isImage } from '../util/image-reference.ts';

/** Whether an image comes from an archive of images.load: a registry need not know it. */
export async function isArchived(
  { cluster, images }: Pick<RunContext, 'cluster' | 'images'>,
  image: string,
): Promise<boolean> {
  const archives = await Promise.all(cluster.images.load.map((file) => images.contents(file)));
  return archives.flat().some(({ names }) => names.some((name) => isImage(name, image)));
}
