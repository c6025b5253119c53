import { clusterKey } from '../cluster-key.ts';
import type { ProviderIo, ProviderOptions } from '../../contracts/provider.ts';
import { chooseAccelerator, type Accelerator } from './accel.ts';
import { bakeDocker, type Baking } from './bake.ts';
import type { QemuConfig } from './config.ts';
import { baseImage, buildImage, emulationIsStable } from './image.ts';
import type { Layout } from './layout.ts';
import { findTools, type QemuTools } from './packages.ts';
import type { BootImage } from './record.ts';
import { makeSocketFolder } from './sockets.ts';
import { userId } from '../../util/user.ts';

/** What every machine of a run needs before it can be made or started. */
export interface Prepared {
  readonly tools: QemuTools;
  readonly image: BootImage;
  readonly accelerator: Accelerator;
  /** The cluster's public key. */
  readonly authorizedKey: string;
}

export interface Preparation {
  readonly options: ProviderOptions;
  readonly config: QemuConfig;
  readonly layout: Layout;
  /** The folder of images and probe results for all clusters. */
  readonly cache: string;
  /** Creates another provider of this kind, for the machine in which an image is baked. */
  readonly provider: Baking['provider'];
}

/** QEMU's programs; root may install them without asking. @throws SwarmupError PACKAGE_MISSING */
export function toolsOf({ local, mayInstall }: ProviderOptions, io: ProviderIo): Promise<QemuTools> {
  const root = userId() === 0;
  return findTools({ local, root, mayInstall: mayInstall || root }, io);
}

/** Programs, base image, accelerator and key pair; downloads and builds what is missing. */
export async function prepare(
  { options, config, layout, cache, provider }: Preparation,
  io: ProviderIo,
): Promise<Prepared> {
  const { local, clock } = options;
  const root = userId() === 0;
  const tools = await toolsOf(options, io);
  const building = { ...tools, local, cache, root };
  const chosen = await baseImage(config, options, building, io);
  const probing = { qemu: tools.versionLine, platform: tools.platform, local, clock, cache };
  const accelerator = await chooseAccelerator(config.accelerator, chosen, probing, io);
  const unstable = accelerator === 'tcg' && !emulationIsStable(chosen, config, tools);
  const base = unstable ? await buildImage('debian-13', config, options, building, io) : chosen;
  // Images built here contain Docker already; the user's own images are left unchanged.
  const bare =
    typeof config.image === 'string' && base.configure === 'cloud-init' && options.cluster.docker.source === 'auto';
  const image = bare ? await bakeDocker(base, { options, config, cache, qemuImg: tools.qemuImg, provider }, io) : base;
  await makeSocketFolder(layout.socketFolders);
  return { tools, image, accelerator, authorizedKey: await clusterKey(layout.identityFile, layout.cluster) };
}
