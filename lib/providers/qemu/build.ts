import { createHash } from 'node:crypto';
import { cp, mkdir, mkdtemp, readdir, readFile, rename, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { removeInside, removeOwn } from '../../util/remove.ts';
import { hasCode, SwarmupError } from '../../util/errors.ts';
import { hasErrno } from '../../util/errno.ts';
import { exists } from '../../util/files.ts';
import type { LocalCommands } from '../../contracts/local-commands.ts';
import { DISTRO_PACKAGES } from '../../docker/installers.ts';
import type { ProviderIo } from '../../contracts/provider.ts';
import { trackUsers } from '../users.ts';
import { UPLINK } from './layout.ts';
import type { Mirror } from '../../images/debian-mirror.ts';
import type { BootImage } from './record.ts';

export interface Recipe {
  readonly distribution: 'debian-13' | 'debian-12';
  /** Whether the image contains Docker; otherwise swarmup installs it on the node. */
  readonly docker: boolean;
  /** The Debian release whose kernel is used: an older QEMU's emulation is not stable with Linux 6.12. */
  readonly kernelFrom: 'debian-13' | 'debian-12';
  readonly mirror: Mirror;
  /** Additional packages; if cloud-init is among them, it configures the guest's identity. */
  readonly extra?: readonly string[];
}

const SUITES = { 'debian-13': 'trixie', 'debian-12': 'bookworm' } as const;
const KEYRING = '/usr/share/keyrings/debian-archive-keyring.gpg';
/** The size of the image's file system, which grows to the machine's disk at the first boot. */
const ROOT_SIZE = '4G';

const BASE_PACKAGES = [
  'systemd-sysv',
  'dbus',
  'udev',
  'kmod',
  'iproute2',
  'openssh-server',
  'sudo',
  'ca-certificates',
  'initramfs-tools',
  'e2fsprogs',
  'procps',
  'iptables',
  'apparmor',
];

export interface BuildTools {
  readonly local: LocalCommands;
  readonly cache: string;
  /** Whether this process is root; without it fakeroot keeps the owners of files. */
  readonly root: boolean;
}

/** Builds a Debian image with mmdebstrap, or takes it from the cache. */
export async function builtImage(recipe: Recipe, tools: BuildTools, io: ProviderIo): Promise<BootImage> {
  const hook = await readFile(new URL('guest-image.sh', import.meta.url), 'utf8');
  const hash = createHash('sha256')
    .update(JSON.stringify([recipe, hook, BASE_PACKAGES, DISTRO_PACKAGES, ROOT_SIZE]))
    .digest('hex');
  const name = `${recipe.distribution}-${recipe.docker ? 'docker' : 'bare'}-${hash.slice(0, 12)}`;
  const folder = join(tools.cache, 'images', name);
  const image: BootImage = {
    disk: join(folder, 'disk.raw'),
    format: 'raw',
    kernel: join(folder, 'vmlinuz'),
    initrd: join(folder, 'initrd'),
    configure: recipe.extra?.includes('cloud-init') ? 'cloud-init' : 'credentials',
  };
  if (await exists(image.disk)) return image;
  const work = await workFolder(tools.cache);
  try {
    await debootstrap(recipe, hook, join(work, 'root.tar'), tools, io);
    await assemble(work, tools, io);
    await writeFile(
      join(work, 'recipe.json'),
      `${JSON.stringify({ ...recipe, builtAt: new Date().toISOString() }, null, 2)}\n`,
    );
    await publish(work, folder);
    await trackUsers(image.disk);
  } finally {
    await removeOwn(work);
  }
  return image;
}

async function debootstrap(
  recipe: Recipe,
  hook: string,
  tar: string,
  { local }: BuildTools,
  io: ProviderIo,
): Promise<void> {
  const suite = SUITES[recipe.distribution];
  const kernelSuite = SUITES[recipe.kernelFrom];
  const line = (uri: string, name: string) => `deb [signed-by=${KEYRING}] ${uri} ${name} main`;
  const sources = [
    line(recipe.mirror.main, suite),
    ...(recipe.mirror.security ? [line(recipe.mirror.security, `${suite}-security`)] : []),
  ];
  const packages = [
    ...BASE_PACKAGES,
    `linux-image-cloud-${debianArch()}${kernelSuite === suite ? '' : `/${kernelSuite}`}`,
    ...(recipe.docker
      ? DISTRO_PACKAGES.filter((name) => name !== 'docker-cli' || recipe.distribution !== 'debian-12')
      : []),
    ...(recipe.extra ?? []),
  ];
  const argv = [
    'mmdebstrap',
    '--variant=minbase',
    '--format=tar',
    '--skip=cleanup/apt/lists',
    ...['APT::Install-Recommends "false"', `APT::Default-Release "${suite}"`, 'Acquire::Languages "none"'].map(
      (option) => `--aptopt=${option}`,
    ),
    ...['doc', 'man', 'locale'].map((folder) => `--dpkgopt=path-exclude=/usr/share/${folder}/*`),
    `--include=${packages.join(',')}`,
    `--customize-hook=${hook}`,
    suite,
    tar,
    ...sources,
    ...(kernelSuite === suite ? [] : [line(recipe.mirror.main, kernelSuite)]),
  ];
  const what = `building a ${recipe.distribution} image${recipe.docker ? ' with Docker' : ''}`;
  io.report(what, { done: 0, total: STEPS.length + 1 });
  try {
    await local.run(argv, {
      signal: io.signal,
      env: { SWARMUP_DNS: UPLINK.dns, SWARMUP_SOURCES: sources.join('\n') },
      onLine: (text) => {
        const step = STEPS.findIndex((known) => text.includes(known));
        if (step >= 0) io.report(`${what}: ${STEPS[step]}`, { done: step, total: STEPS.length + 1 });
      },
    });
  } catch (error) {
    if (!hasCode(error, 'LOCAL_COMMAND_FAILED')) throw error;
    throw new SwarmupError(
      'IMAGE_BUILD_FAILED',
      `mmdebstrap could not build the ${recipe.distribution} image from ${recipe.mirror.main}`,
      {
        fix: 'Check that the mirror can be reached from here and has this release; set provider.mirror to use another.',
        output: error.output ?? '',
        cause: error,
      },
    );
  }
}

/** mmdebstrap's progress messages, in order. */
const STEPS = [
  'running apt-get update',
  'downloading packages',
  'extracting archives',
  'installing essential packages',
  'installing remaining packages',
  'running --customize-hook',
  'creating tarball',
];

/** Makes the kernel, initial RAM disk and ext4 file system from the tar file. */
async function assemble(work: string, { local, root }: BuildTools, io: ProviderIo): Promise<void> {
  io.report('making the disk image', { done: STEPS.length, total: STEPS.length + 1 });
  const tree = join(work, 'root');
  await mkdir(tree);
  const script =
    'tar -C root --numeric-owner -xf root.tar && truncate -s "$1" disk.raw && mkfs.ext4 -q -F -L root -E nodiscard -d root disk.raw';
  const shell = ['sh', '-ec', script, 'sh', ROOT_SIZE];
  // fakeroot records the owners that an ordinary user can't set.
  await local.run(root ? shell : ['fakeroot', ...shell], {
    cwd: work,
    signal: io.signal,
    env: { PATH: `${process.env['PATH'] ?? ''}:/usr/sbin:/sbin` },
  });
  const boot = await readdir(join(tree, 'boot'));
  for (const [prefix, name] of [
    ['vmlinuz-', 'vmlinuz'],
    ['initrd.img-', 'initrd'],
  ] as const) {
    const found = boot.find((entry) => entry.startsWith(prefix));
    if (!found)
      throw new SwarmupError('IMAGE_BUILD_FAILED', `the image has no /boot/${prefix}*`, {
        fix: 'Report this as a bug, with the mirror and the release.',
      });
    await cp(join(tree, 'boot', found), join(work, name));
  }
  await local.run(['chmod', '-R', 'u+rwX', 'root'], { cwd: work });
  await removeInside(work, tree);
  await removeInside(work, join(work, 'root.tar'));
}

const WORK = '.building-';
const ABANDONED_MS = 24 * 3_600_000;

/** A folder to build an image in; also removes folders that killed runs left more than a day ago. */
export async function workFolder(cache: string): Promise<string> {
  const images = join(cache, 'images');
  await mkdir(images, { recursive: true });
  for (const name of (await readdir(images)).filter((entry) => entry.startsWith(WORK))) {
    const { mtimeMs } = await stat(join(images, name));
    if (Date.now() - mtimeMs > ABANDONED_MS) await removeInside(images, join(images, name));
  }
  return mkdtemp(join(images, WORK));
}

/** Renames the finished folder to its final name; if another run finished first, its result is used. */
export async function publish(work: string, folder: string): Promise<void> {
  try {
    await rename(work, folder);
  } catch (error) {
    if (!hasErrno(error, 'EEXIST', 'ENOTEMPTY')) throw error;
  }
}

export function debianArch(): 'amd64' | 'arm64' {
  return process.arch === 'arm64' ? 'arm64' : 'amd64';
}
