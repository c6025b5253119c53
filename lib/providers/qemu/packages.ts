import { SwarmupError } from '../../util/errors.ts';
import type { LocalCommands } from '../../contracts/local-commands.ts';
import { quote } from '../../util/shell-quote.ts';
import type { ProviderIo } from '../../contracts/provider.ts';
import type { Platform } from './launch.ts';

const MANAGER_NAMES = ['apt-get', 'dnf', 'zypper', 'pacman', 'brew'] as const;
type Manager = (typeof MANAGER_NAMES)[number];

const MANAGERS: Readonly<
  Record<Manager, { readonly refresh?: readonly string[]; readonly install: readonly string[] }>
> = {
  'apt-get': {
    refresh: ['apt-get', 'update', '-q'],
    install: ['apt-get', 'install', '-y', '-q', '--no-install-recommends'],
  },
  dnf: { install: ['dnf', 'install', '-y'] },
  zypper: { install: ['zypper', '--non-interactive', 'install'] },
  pacman: { install: ['pacman', '-S', '--noconfirm', '--needed'] },
  brew: { install: ['brew', 'install'] },
};

/** The package of each program, by package manager. A manager that isn't listed has no such package. */
const PACKAGES: Readonly<Record<string, Partial<Record<Manager, string>>>> = {
  'qemu-system-x86_64': {
    'apt-get': 'qemu-system-x86 seabios ipxe-qemu',
    dnf: 'qemu-system-x86',
    zypper: 'qemu-x86',
    pacman: 'qemu-system-x86',
    brew: 'qemu',
  },
  'qemu-system-aarch64': {
    'apt-get': 'qemu-system-arm qemu-efi-aarch64',
    dnf: 'qemu-system-aarch64',
    zypper: 'qemu-arm',
    pacman: 'qemu-system-aarch64',
    brew: 'qemu',
  },
  'qemu-img': { 'apt-get': 'qemu-utils', dnf: 'qemu-img', zypper: 'qemu-img', pacman: 'qemu-img', brew: 'qemu' },
  mmdebstrap: { 'apt-get': 'mmdebstrap debian-archive-keyring', dnf: 'mmdebstrap debian-keyring' },
  'mkfs.ext4': { 'apt-get': 'e2fsprogs', dnf: 'e2fsprogs', zypper: 'e2fsprogs', pacman: 'e2fsprogs' },
  fakeroot: { 'apt-get': 'fakeroot', dnf: 'fakeroot', pacman: 'fakeroot' },
  newuidmap: { 'apt-get': 'uidmap', dnf: 'shadow-utils' },
};

export interface QemuTools {
  readonly platform: Platform;
  readonly qemuImg: string;
  /** The first line of QEMU's --version. */
  readonly versionLine: string;
  /** QEMU's major version. */
  readonly qemuVersion: number;
  /** Ensures that the programs for building images are installed. @throws PACKAGE_MISSING */
  readonly needBuildTools: (io: ProviderIo) => Promise<void>;
}

export interface ToolOptions {
  readonly local: LocalCommands;
  readonly root: boolean;
  readonly mayInstall: boolean;
}

/**
 * Finds QEMU; missing programs are installed (as root or with --yes), or reported with the command that installs them.
 */
export async function findTools(options: ToolOptions, io: ProviderIo): Promise<QemuTools> {
  const arch = process.arch === 'arm64' ? 'aarch64' : 'x86_64';
  const program = `qemu-system-${arch}`;
  const build = ['mmdebstrap', 'mkfs.ext4', ...(options.root ? [] : ['fakeroot', 'newuidmap'])];
  await need([program, 'qemu-img'], build, options, io);
  const binary = (await options.local.which(program)) ?? program;
  const { stdout } = await options.local.run([binary, '--version'], { signal: io.signal });
  return {
    platform: { binary, arch, ...(arch === 'aarch64' ? { firmware: 'edk2-aarch64-code.fd' } : {}) },
    qemuImg: (await options.local.which('qemu-img')) ?? 'qemu-img',
    versionLine: stdout.split('\n')[0] ?? '',
    qemuVersion: Number(/version (\d+)/.exec(stdout)?.[1] ?? 0),
    needBuildTools: (work) => need(build, [], options, work),
  };
}

async function missing(programs: readonly string[], local: LocalCommands): Promise<string[]> {
  const paths = await Promise.all(programs.map((program) => local.which(program)));
  return programs.filter((_, i) => paths[i] === undefined);
}

async function findManager(local: LocalCommands): Promise<Manager | undefined> {
  const found = await Promise.all(MANAGER_NAMES.map((manager) => local.which(manager)));
  return MANAGER_NAMES.find((_, i) => found[i] !== undefined);
}

/** `along`: programs to install at the same time, if anything has to be installed. */
async function need(
  programs: readonly string[],
  along: readonly string[],
  options: ToolOptions,
  io: ProviderIo,
): Promise<void> {
  const { local, root, mayInstall } = options;
  const lacking = await missing(programs, local);
  if (lacking.length === 0) return;
  const manager = await findManager(local);
  const wanted = [...lacking, ...(await missing(along, local))];
  const packages = [
    ...new Set(wanted.flatMap((name) => (manager ? (PACKAGES[name]?.[manager]?.split(' ') ?? []) : []))),
  ];
  const known = manager !== undefined && lacking.every((name) => PACKAGES[name]?.[manager]);
  if (!known) {
    throw new SwarmupError(
      'PACKAGE_MISSING',
      `${lacking.join(', ')} ${lacking.length > 1 ? 'are' : 'is'} not installed on this computer`,
      {
        fix: 'Install it with your package manager, then run again.',
      },
    );
  }
  const { install, refresh } = MANAGERS[manager];
  const sudo = root || manager === 'brew' ? [] : ['sudo', '-n'];
  if (!mayInstall) {
    const command = quote([...(sudo.length ? ['sudo'] : []), ...install, ...packages]);
    throw new SwarmupError(
      'PACKAGE_MISSING',
      `${lacking.join(', ')} ${lacking.length > 1 ? 'are' : 'is'} not installed on this computer`,
      {
        fix: `Run: ${command}\nor run swarmup again with --yes to install it.`,
      },
    );
  }
  io.report(`installing ${packages.join(', ')}`);
  const settings = { signal: io.signal, env: { DEBIAN_FRONTEND: 'noninteractive' } };
  if (refresh) await local.run([...sudo, ...refresh], settings);
  await local.run([...sudo, ...install, ...packages], {
    ...settings,
    onLine: (line) => io.report(`installing: ${line}`),
  });
}
