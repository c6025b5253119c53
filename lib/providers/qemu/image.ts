import { join } from 'node:path';
import { exists } from '../../util/files.ts';
import { download, fetchText } from '../../remote/download.ts';
import { ownImageFile } from '../custom-image.ts';
import type { ProviderIo, ProviderOptions } from '../../contracts/provider.ts';
import { builtImage, debianArch, type BuildTools } from './build.ts';
import type { QemuConfig } from './config.ts';
import { findMirror } from '../../images/debian-mirror.ts';
import type { QemuTools } from './packages.ts';
import type { BootImage } from './record.ts';

/** Where Debian publishes its cloud images. Source: the project's page on cloud images. */
const CLOUD_IMAGES = 'https://cloud.debian.org/images/cloud';
const RELEASES = {
  'debian-13': { suite: 'trixie', number: 13 },
  'debian-12': { suite: 'bookworm', number: 12 },
} as const;

/** QEMU's emulation runs Linux 6.12 stably from version 10 on; 7.2 panics within minutes. Measured; see docs/architecture.md. */
const STABLE_WITH_6_12 = 10;

/** The base image of the cluster's machines: from the cache, downloaded, or built. */
export async function baseImage(
  config: QemuConfig,
  options: ProviderOptions,
  tools: BuildTools & QemuTools,
  io: ProviderIo,
): Promise<BootImage> {
  const { image } = config;
  if (typeof image === 'object') {
    const disk = await ownImageFile(image, { cluster: options.cluster, cache: tools.cache }, io);
    return { disk, format: formatOf(disk), configure: 'cloud-init' };
  }
  return (await cloudImage(image, tools, io)) ?? buildImage(image, config, options, tools, io);
}

/** Whether an image's own kernel may be emulated: Debian 13's 6.12 needs a recent QEMU. */
export function emulationIsStable(image: BootImage, config: QemuConfig, tools: QemuTools): boolean {
  return image.kernel !== undefined || config.image !== 'debian-13' || tools.qemuVersion >= STABLE_WITH_6_12;
}

/** An image built on this computer, with Docker inside unless the cluster file has it installed on the nodes. */
export async function buildImage(
  distribution: 'debian-13' | 'debian-12',
  config: QemuConfig,
  options: ProviderOptions,
  tools: BuildTools & QemuTools,
  io: ProviderIo,
): Promise<BootImage> {
  await tools.needBuildTools(io);
  const { source } = options.cluster.docker;
  return builtImage(
    {
      distribution,
      docker: source === 'auto' || source === 'preinstalled',
      kernelFrom: tools.qemuVersion >= STABLE_WITH_6_12 ? distribution : 'debian-12',
      mirror: await findMirror(config.mirror),
    },
    tools,
    io,
  );
}

/** The official cloud image, verified against its published SHA-512; undefined when it can't be reached. */
async function cloudImage(
  name: keyof typeof RELEASES,
  tools: BuildTools,
  io: ProviderIo,
): Promise<BootImage | undefined> {
  const { suite, number } = RELEASES[name];
  const file = `debian-${number}-genericcloud-${debianArch()}.qcow2`;
  const disk = join(tools.cache, 'downloads', file);
  const image: BootImage = { disk, format: 'qcow2', configure: 'cloud-init' };
  if (await exists(disk)) return image;
  io.report(`looking up the official ${name} image`);
  const base = `${CLOUD_IMAGES}/${suite}/latest`;
  const sums = await fetchText(`${base}/SHA512SUMS`, io.signal);
  const hex = sums
    ?.split('\n')
    .find((line) => line.endsWith(`  ${file}`))
    ?.split(' ')[0];
  if (!hex) return undefined;
  await download({
    url: `${base}/${file}`,
    file: disk,
    checksum: { algorithm: 'sha512', hex },
    signal: io.signal,
    onProgress: (progress) => io.report(`downloading ${file}`, progress),
  });
  return image;
}

function formatOf(disk: string): BootImage['format'] {
  return /\.(raw|img)$/.test(disk) ? 'raw' : 'qcow2';
}
