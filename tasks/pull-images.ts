import { basename } from 'node:path';
import { requiredImages } from '../lib/config/selections.ts';
import { askRegistry, isLoaded, isPresent, load, pull, type Registry } from '../lib/images/on-node.ts';
import { withFreeSpace } from '../lib/images/pull/free-space.ts';
import type { UnitContext } from '../lib/contracts/context.ts';
import type { Engine } from '../lib/contracts/engine.ts';
import { hasCode } from '../lib/util/errors.ts';
import { isImage, tagged } from '../lib/util/image-reference.ts';
import { defineTask } from '../lib/pipeline/task.ts';
import { onNodes } from '../lib/contracts/target.ts';
import { created, type Change } from '../lib/contracts/change.ts';

interface State {
  /** Archives of `images.load` that are not, or not completely, on the node. */
  readonly unloaded: readonly string[];
  /** Images that are neither on the node nor in an archive. */
  readonly missing: readonly MissingImage[];
  /** Checked only when something is missing. */
  readonly registry: Registry;
}

interface MissingImage {
  readonly name: string;
  readonly optional: boolean;
  /** Whether it can be built on this computer. */
  readonly buildable: boolean;
}

type ImageChange = Change &
  ({ readonly kind: 'load'; readonly file: string } | { readonly kind: 'pull' | 'build'; readonly name: string });

/** Loads and pulls images on every node as soon as its Docker runs, in parallel with the joins. */
export default defineTask<State, ImageChange>({
  id: 'pull-images',
  title: 'Images present',
  about: 'Loads the archives of images.load and pulls the images of services and stacks, on every node.',
  needs: ['install-docker', { task: 'restore-swarm', of: 'all' }, { task: 'upgrade-docker', of: 'all' }],
  targets: (cluster) => (cluster.images.early ? onNodes(cluster.nodes) : []),
  check: async (ctx) => {
    const engine = await ctx.engine();
    const archives = await Promise.all(
      ctx.cluster.images.load.map(async (file) => ({ file, images: await ctx.images.contents(file) })),
    );
    const loaded = await Promise.all(
      archives.map(async ({ images }) =>
        (await Promise.all(images.map((image) => isLoaded(engine, image)))).every(Boolean),
      ),
    );
    const archived = archives.flatMap(({ images }) => images.flatMap((image) => image.names));
    const wanted = requiredImages(ctx.cluster).filter((image) => !archived.some((name) => isImage(name, image.name)));
    const present = await Promise.all(wanted.map((image) => isPresent(engine, image.name)));
    const missing = wanted
      .filter((_, i) => !present[i])
      .map((image) => ({ ...image, buildable: ctx.images.canBuild(image.name) }));
    const [first] = missing;
    const registry = first
      ? await askRegistry(engine, first.name, await ctx.images.credentials(first.name))
      : ({ reachable: true } as const);
    if (!registry.reachable) warnUnreachable(ctx, missing, registry.reason);
    return { unloaded: archives.filter((_, i) => !loaded[i]).map(({ file }) => file), missing, registry };
  },
  absent: ({ cluster }) => ({
    unloaded: cluster.images.load,
    missing: requiredImages(cluster).map((image) => ({ ...image, buildable: false })),
    registry: { reachable: true },
  }),
  plan: ({ unloaded, missing, registry }, { cluster, target }) => {
    const build = cluster.images.whenUnreachable === 'build' && !registry.reachable;
    const own = (image: string) => ['nodes', target.id, 'images', image];
    return [
      ...unloaded.map((file): ImageChange => ({ ...created(own(basename(file)), 'archive'), kind: 'load', file })),
      ...missing.flatMap(({ name, optional, buildable }): ImageChange[] => {
        if (build && buildable) return [{ ...created(own(name), 'build'), kind: 'build', name }];
        // Skipped stacks are reported by deploy-stacks.
        if (optional && !registry.reachable) return [];
        return [{ ...created(own(name), 'registry'), kind: 'pull', name }];
      }),
    ];
  },
  apply: async (ctx, changes) => {
    const engine = await ctx.engine();
    for (const change of changes) {
      ctx.signal.throwIfAborted();
      try {
        await bring(ctx, engine, change);
      } catch (error) {
        if (!hasCode(error, 'DISK_FULL')) throw error;
        throw await withFreeSpace(error, engine, await ctx.host(), ctx.signal);
      }
    }
  },
});

async function bring(ctx: UnitContext, engine: Engine, change: ImageChange): Promise<void> {
  if (change.kind === 'pull') return pull(engine, change.name, ctx.report, await ctx.images.credentials(change.name));
  return load(engine, change.kind === 'load' ? change.file : await ctx.images.build(change.name, ctx), ctx.report);
}

function warnUnreachable(
  ctx: { warn: (message: string, key: string) => void; cluster: { images: { whenUnreachable: string } } },
  missing: readonly MissingImage[],
  reason: string,
): void {
  const built = ctx.cluster.images.whenUnreachable === 'build' ? missing.filter((image) => image.buildable) : [];
  const rest =
    built.length > 0
      ? `; ${built.map((image) => tagged(image.name)).join(', ')} is built here from Debian's package`
      : '';
  if (built.length > 0 || missing.some((image) => image.optional))
    ctx.warn(`the nodes can't reach the registry${rest} (${reason})`, 'registry');
}
