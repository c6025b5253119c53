import type { Engine } from '../../contracts/engine.ts';
import type { Host } from '../../contracts/host.ts';
import { SwarmupError } from '../../util/errors.ts';

/** Where containerd keeps images for an engine that uses its image store. Source: containerd, config.toml, root. */
const CONTAINERD = '/var/lib/containerd';

/** The error of a full disk, with what is free there. @throws only when the signal is aborted */
export async function withFreeSpace(
  error: SwarmupError,
  engine: Engine,
  host: Host,
  signal: AbortSignal,
): Promise<SwarmupError> {
  const output = await freeSpace(engine, host, error.message, signal);
  if (output === undefined) return error;
  // The engine has removed what it had of the image.
  return new SwarmupError('DISK_FULL', error.message, { fix: error.fix, cause: error, output: `now ${output}` });
}

/**
 * What is free where a node's engine keeps images, in words; undefined when the node doesn't say.
 *
 * @param words the engine's about the full disk: only they tell which image store it uses
 */
async function freeSpace(engine: Engine, host: Host, words: string, signal: AbortSignal): Promise<string | undefined> {
  try {
    const folder = words.includes(CONTAINERD) ? CONTAINERD : await dataRoot(engine);
    const of = async (unit: '-k' | '-i') => (await host.run(['df', '-P', unit, folder], { signal })).stdout;
    return spaceIn(folder, await of('-k'), await of('-i'));
  } catch (error) {
    // A node whose disk is full may fail at anything else too: the full disk is what has to be told.
    if (error instanceof SwarmupError && !signal.aborted) return undefined;
    throw error;
  }
}

async function dataRoot(engine: Engine): Promise<string> {
  const { DockerRootDir } = await engine.call('ask where it keeps its data', (docker): Promise<EngineInfo> =>
    docker.info(),
  );
  return DockerRootDir ?? '/var/lib/docker';
}

interface EngineInfo {
  readonly DockerRootDir?: string;
}

/**
 * What two outputs of df say about a folder. A file system may be out of space or out of inodes.
 *
 * @param blocks of `df -P -k` @param inodes of `df -P -i`. Source: POSIX, df
 */
export function spaceIn(folder: string, blocks: string, inodes: string): string | undefined {
  const [size, free] = figures(blocks);
  if (size === undefined || free === undefined) return undefined;
  const [all = 0, left = 1] = figures(inodes);
  const space = `${folder} has ${mib(free)} of ${mib(size)} MiB free`;
  // File systems that make inodes as needed say 0 of 0.
  return all > 0 && left < all / 1000 ? `${space}, and ${left} of ${all} inodes` : space;
}

function figures(output: string): readonly number[] {
  const [, size, free] = /^\S.*?\s(\d+)\s+\d+\s+(\d+)\s+\d+%/m.exec(output) ?? [];
  return size === undefined ? [] : [Number(size), Number(free)];
}

function mib(kib: number): number {
  return Math.floor(kib / 1024);
}
