import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { Transform } from 'node:stream';
import type { Progress } from '../contracts/events.ts';
import { hasCode, messageOf, SwarmupError } from '../util/errors.ts';
import { engineWords } from '../remote/engine.ts';
import type { Engine } from '../contracts/engine.ts';
import type { ArchivedImage, Credentials } from '../contracts/images.ts';
import { authConfig } from './credentials.ts';
import { exact } from '../util/image-reference.ts';
import { isOfOtherPlatform, pullError, pullFailure } from './pull/failure.ts';

export type Registry = { readonly reachable: true } | { readonly reachable: false; readonly reason: string };

/** Whether an image of this name is on the node. */
export async function isPresent(engine: Engine, name: string): Promise<boolean> {
  return (await inspect(engine, name)) !== undefined;
}

/** Whether the node has an archive's image under all its names, with the same layers. */
export async function isLoaded(engine: Engine, image: ArchivedImage): Promise<boolean> {
  const found = await Promise.all(image.names.map((name) => inspect(engine, name)));
  return found.every((one) => one !== undefined && sameLayers(one.layers, image.layers));
}

async function inspect(engine: Engine, name: string): Promise<{ layers: readonly string[] } | undefined> {
  const image = await engine.find(`look for the image ${name}`, (docker) => docker.getImage(name).inspect());
  return image && { layers: image.RootFS.Layers ?? [] };
}

function sameLayers(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((layer, i) => layer === b[i]);
}

/**
 * Asks the image's registry, through the node's engine, whether it can be reached. A registry that doesn't have the
 * image is still reachable.
 */
export async function askRegistry(engine: Engine, name: string, credentials?: Credentials): Promise<Registry> {
  try {
    await engine.call(`ask the registry for ${name}`, (docker) =>
      docker.getImage(name).distribution({ authconfig: authConfig(credentials) }),
    );
    return { reachable: true };
  } catch (error) {
    const words = engineWords(error);
    return isNetworkProblem(words) ? { reachable: false, reason: words } : { reachable: true };
  }
}

/** The registry's current digest for a name, or why it can't be read: the name alone works too, with the image on the nodes. */
export async function registryDigest(
  engine: Engine,
  name: string,
  credentials?: Credentials,
): Promise<{ readonly digest: string } | { readonly problem: string }> {
  try {
    const found: { Descriptor?: { digest?: string } } = await engine.call(
      `ask the registry for ${name}`,
      (docker): Promise<{ Descriptor?: { digest?: string } }> =>
        docker.getImage(name).distribution({ authconfig: authConfig(credentials) }),
    );
    const digest = found.Descriptor?.digest;
    return digest === undefined ? { problem: 'the registry returned no digest' } : { digest };
  } catch (error) {
    if (error instanceof SwarmupError) return { problem: engineWords(error) };
    throw error;
  }
}

/**
 * The error texts of Go's net package for unknown or unreachable hosts, and of its HTTP client for a proxy that refuses
 * to connect.
 */
export function isNetworkProblem(words: string): boolean {
  return /no such host|dial tcp|connection refused|i\/o timeout|network is unreachable|no route to host|TLS handshake timeout|context deadline exceeded|Client\.Timeout|server misbehaving|Temporary failure in name resolution|proxyconnect|": (Bad Gateway|Forbidden|Service Unavailable|Gateway Time-?out|Proxy Authentication Required)$/im.test(
    words,
  );
}

/** Pulls an image, with progress over its layers. @throws SwarmupError IMAGE_UNREACHABLE, DISK_FULL */
export async function pull(
  engine: Engine,
  name: string,
  report: (detail: string, progress?: Progress) => void,
  credentials?: Credentials,
): Promise<void> {
  const layers = new Map<string, { current: number; total: number }>();
  try {
    const stream: NodeJS.ReadableStream = await engine.call(`pull ${name}`, (docker): Promise<NodeJS.ReadableStream> =>
      docker.pull(exact(name), { authconfig: authConfig(credentials) }),
    );
    await engine.follow(stream, (message) => {
      const { current, total } = message.progressDetail ?? {};
      if (!message.id || !current || !total || message.status !== 'Downloading') return;
      layers.set(message.id, { current, total });
      const all = [...layers.values()];
      report(`pulling ${name}`, {
        done: all.reduce((sum, layer) => sum + layer.current, 0),
        total: all.reduce((sum, layer) => sum + layer.total, 0),
      });
    });
  } catch (cause) {
    // An engine that is gone says nothing about the image.
    if (hasCode(cause, 'ENGINE_UNREACHABLE', 'ENGINE_SILENT')) throw cause;
    const words = engineWords(cause);
    const platforms = isOfOtherPlatform(words) ? await platformsOf(engine, name, credentials) : [];
    throw pullError(words, { image: name, node: engine.node, hasLogin: credentials !== undefined, platforms }, cause);
  }
}

/** The platforms for which a registry has an image; none if it doesn't say. Source: GET /distribution/NAME/json. */
async function platformsOf(engine: Engine, name: string, credentials?: Credentials): Promise<readonly string[]> {
  try {
    const { Platforms = [] } = await engine.call(`ask for the platforms of ${name}`, (docker): Promise<Distribution> =>
      docker.getImage(name).distribution({ authconfig: authConfig(credentials) }),
    );
    // Attestations are listed as images for the platform unknown/unknown.
    const known = Platforms.filter(({ os }) => os !== 'unknown' && os !== '');
    return known.map(({ os, architecture, variant = '' }) => [os, architecture, variant].filter(Boolean).join('/'));
  } catch (error) {
    // That the image doesn't fit the node is known, and has to be told.
    if (error instanceof SwarmupError) return [];
    throw error;
  }
}

interface Distribution {
  readonly Platforms?: readonly { readonly os: string; readonly architecture: string; readonly variant?: string }[];
}

/**
 * Loads an image archive into a node, with progress over its bytes.
 * @throws SwarmupError IMAGE_ARCHIVE_INVALID, DISK_FULL
 */
export async function load(
  engine: Engine,
  file: string,
  report: (detail: string, progress?: Progress) => void,
): Promise<void> {
  const { size } = await stat(file);
  const name = file.slice(file.lastIndexOf('/') + 1);
  let done = 0;
  const meter = new Transform({
    transform(chunk: Buffer, _encoding, next) {
      done += chunk.length;
      report(`loading ${name}`, { done, total: size });
      next(null, chunk);
    },
  });
  // The engine answers once it has the whole archive.
  const stream: NodeJS.ReadableStream = await engine.call(
    `load ${name}`,
    (docker) => docker.loadImage(createReadStream(file).pipe(meter), { quiet: true }),
    { withinMs: Number.POSITIVE_INFINITY },
  );
  try {
    await engine.follow(stream, () => undefined);
  } catch (cause) {
    const { code, cause: why, fix } = pullFailure(messageOf(cause), { image: name, node: engine.node });
    if (code === 'DISK_FULL')
      throw new SwarmupError(code, `${engine.node}: ${file} can't be loaded: ${why} (${messageOf(cause)})`, {
        fix,
        cause,
      });
    throw new SwarmupError('IMAGE_ARCHIVE_INVALID', `${engine.node}: ${file} can't be loaded: ${messageOf(cause)}`, {
      fix: 'Write the archive again with: docker save -o FILE IMAGE',
      cause,
    });
  }
}
