import { requiredImages } from '../../../config/selections.ts';
import type { Cluster } from '../../../config/model.ts';
import type { Host } from '../../../contracts/host.ts';
import type { CredentialsOf } from '../../../contracts/images.ts';
import type { ProviderIo } from '../../../contracts/provider.ts';
import { load, pull } from '../../../images/on-node.ts';
import { openEngine } from '../../../remote/engine.ts';
import { messageOf } from '../../../util/errors.ts';
import { digestOf } from '../../../util/image-reference.ts';

/** The images of a cluster file that can't change under their name: a state may contain them. */
export interface KnownImages {
  /** The archives of `images.load`, as paths. */
  readonly archives: readonly string[];
  /** References with a digest. */
  readonly pinned: readonly string[];
}

export function knownImages(cluster: Cluster): KnownImages {
  if (!cluster.images.early) return { archives: [], pinned: [] };
  const pinned = requiredImages(cluster).flatMap(({ name }) => (digestOf(name) === undefined ? [] : [name]));
  return { archives: cluster.images.load, pinned: pinned.toSorted() };
}

/**
 * Loads and pulls images into the machine that is about to be saved. An image that can't be pulled there is left to the
 * nodes, which may have another registry mirror or proxy.
 */
export async function supplyImages(
  host: Host,
  { archives, pinned }: KnownImages,
  credentials: CredentialsOf,
  io: ProviderIo,
): Promise<void> {
  if (archives.length + pinned.length === 0) return;
  const { exitCode } = await host.run(['test', '-S', '/run/docker.sock'], { okExit: [0, 1], signal: io.signal });
  if (exitCode !== 0) return;
  const engine = await openEngine(
    host.name,
    () => host.dialEngine(),
    io.signal,
    () => undefined,
  );
  for (const file of archives) await load(engine, file, io.report);
  for (const name of pinned) {
    try {
      await pull(engine, name, io.report, await credentials(name));
    } catch (error) {
      io.signal.throwIfAborted();
      io.warn(`the saved machine state has no ${name}, so every node pulls it: ${messageOf(error)}`);
    }
  }
}
