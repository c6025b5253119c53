import { createHash } from 'node:crypto';
import { mkdir } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { removeOwn } from '../../util/remove.ts';
import type { Cluster, NodeSpec } from '../../config/model.ts';
import { apt } from '../../docker/apt.ts';
import { choosePackages } from '../../docker/choose.ts';
import { holdEngine } from '../../docker/holds.ts';
import { installPackages, refresh } from '../../docker/install.ts';
import { DISTRO_PACKAGES } from '../../docker/installers.ts';
import { exists } from '../../util/files.ts';
import { SshHost } from '../../remote/ssh.ts';
import type { Work } from '../../contracts/context.ts';
import type { Host } from '../../contracts/host.ts';
import type { Machine, Provider, ProviderIo, ProviderOptions } from '../../contracts/provider.ts';
import { trackUsers } from '../users.ts';
import { publish, workFolder } from './build.ts';
import type { QemuConfig } from './config.ts';
import { Layout } from './layout.ts';
import type { BootImage } from './record.ts';

const BUILDER: NodeSpec = { name: 'builder', role: 'manager', labels: {}, availability: 'active' };

export interface Baking {
  readonly options: ProviderOptions;
  readonly config: QemuConfig;
  readonly cache: string;
  readonly qemuImg: string;
  /** Creates the provider of the machine in which the image is baked. */
  readonly provider: (options: ProviderOptions, config: QemuConfig) => Provider;
}

/**
 * A cloud image with Docker inside: the image is booted once, Docker is installed as on any node, and the machine's
 * identity is removed. The result is cached for later clusters.
 */
export async function bakeDocker(image: BootImage, baking: Baking, io: ProviderIo): Promise<BootImage> {
  const { options, cache, qemuImg } = baking;
  const hash = createHash('sha256')
    .update(JSON.stringify([image.disk, DISTRO_PACKAGES, 'held', FORGET]))
    .digest('hex');
  const folder = join(cache, 'images', `${basename(image.disk).replace(/\.\w+$/, '')}-docker-${hash.slice(0, 12)}`);
  const baked: BootImage = { disk: join(folder, 'disk.qcow2'), format: 'qcow2', configure: image.configure };
  if (await exists(baked.disk)) return baked;
  const work = await workFolder(cache);
  const cluster: Cluster = {
    ...options.cluster,
    name: 'baking',
    stateDir: work,
    nodes: [BUILDER],
    services: [],
    stacks: [],
  };
  const provider = baking.provider(
    { ...options, cluster },
    { ...baking.config, image: { path: image.disk }, start: 'boot' },
  );
  const told = saying(io, 'installing Docker in the image (once): ');
  try {
    const machine = await provider.create(BUILDER, told);
    await install(machine, { ...told, clock: options.clock });
    await provider.stop(BUILDER.name, told);
    told.report('writing it');
    const result = join(work, 'result');
    await mkdir(result);
    const disk = new Layout(cluster).disk(BUILDER.name);
    await options.local.run([qemuImg, 'convert', '-O', 'qcow2', disk, join(result, 'disk.qcow2')], {
      signal: io.signal,
    });
    await publish(result, folder);
    await trackUsers(baked.disk);
  } finally {
    // Also after an interruption: no cluster owns the builder machine.
    const undo = { ...told, signal: AbortSignal.timeout(60_000) };
    await provider.destroy(BUILDER.name, undo);
    await provider.destroyShared(undo);
    await removeOwn(work);
  }
  return baked;
}

/**
 * Removes what must be unique to each machine: engine ID, machine-id, host keys, and cloud-init's record of this boot.
 */
const FORGET = [
  'systemctl stop docker.socket docker.service containerd.service',
  'rm -rf /var/lib/docker /var/lib/containerd /etc/docker/key.json',
  'cloud-init clean --logs',
  'rm -f /etc/ssh/ssh_host_* /root/.ssh/authorized_keys',
  'truncate -s 0 /etc/machine-id',
  'apt-get clean',
  'sync',
].join(' && ');

async function install(machine: Machine, io: ProviderIo & Work): Promise<void> {
  const host: Host = await SshHost.connect(machine.name, machine.ssh, {
    emit: () => undefined,
    signal: io.signal,
  });
  try {
    const installer = { manager: apt, packages: DISTRO_PACKAGES };
    const lists = await refresh(host, apt, io);
    const packages = await choosePackages(host, installer, { version: undefined, lists, signal: io.signal });
    await installPackages(host, apt, packages, io);
    // Cloud images upgrade packages at night.
    await holdEngine(host, apt, io);
    io.report('removing its identity');
    await host.run(['sh', '-ec', FORGET], { signal: io.signal });
  } finally {
    host.close();
  }
}

function saying(io: ProviderIo, prefix: string): ProviderIo {
  return { ...io, report: (detail, progress) => io.report(`${prefix}${detail}`, progress) };
}
