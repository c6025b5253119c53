import type { DockerSection } from '../config/model.ts';
import type { OsRelease } from '../facts/os-release.ts';
import { apk } from './apk.ts';
import { apt } from './apt.ts';
import { dnf } from './dnf.ts';
import type { PackageManager } from './manager.ts';
import { zypper } from './zypper.ts';

/** How Docker is installed on a family of systems from one source. */
export interface Installer {
  readonly manager: PackageManager;
  /** The engine first; packages that a release doesn't have are skipped. */
  readonly packages: readonly string[];
  /** The distribution's folder in Docker's own repository. */
  readonly folder?: string;
}

/** What swarm nodes need from a Debian or Ubuntu distribution; `docker-cli` is a separate package since Debian 13. */
export const DISTRO_PACKAGES = ['docker.io', 'docker-cli', 'apparmor', 'iptables', 'ca-certificates'] as const;

const OFFICIAL_PACKAGES = ['docker-ce', 'docker-ce-cli', 'containerd.io'] as const;

interface Family {
  readonly manager: PackageManager;
  readonly matches: (os: OsRelease) => boolean;
  /** The distribution's own packages; absent if none of them can form a swarm. */
  readonly distro?: readonly string[];
  /** The packages of Docker's own repository, and the folder there. */
  readonly official?: { readonly packages: readonly string[]; readonly folder: (os: OsRelease) => string };
}

const isLike =
  (...ids: readonly string[]) =>
  ({ families }: OsRelease) =>
    families.some((family) => ids.includes(family));

/** Sources: the distributions' package lists, and docs.docker.com/engine/install. */
const FAMILIES: readonly Family[] = [
  {
    manager: apt,
    matches: isLike('debian', 'ubuntu'),
    distro: DISTRO_PACKAGES,
    official: {
      packages: [...OFFICIAL_PACKAGES, 'apparmor', 'iptables'],
      folder: ({ families }) => (families.includes('ubuntu') ? 'ubuntu' : 'debian'),
    },
  },
  // Amazon's package includes containerd and the command line; Docker has no packages for Amazon Linux.
  { manager: dnf, matches: ({ id }) => id === 'amzn', distro: ['docker'] },
  {
    manager: dnf,
    matches: ({ id }) => id === 'fedora',
    distro: ['moby-engine', 'docker-cli'],
    official: { packages: OFFICIAL_PACKAGES, folder: () => 'fedora' },
  },
  // Red Hat and its derivatives have Podman instead.
  {
    manager: dnf,
    matches: isLike('rhel', 'centos'),
    official: { packages: OFFICIAL_PACKAGES, folder: ({ id }) => (id === 'rhel' ? 'rhel' : 'centos') },
  },
  { manager: zypper, matches: isLike('suse', 'opensuse', 'sles'), distro: ['docker'] },
  { manager: apk, matches: ({ id }) => id === 'alpine', distro: ['docker', 'docker-cli'] },
];

/** How Docker is installed on a system; undefined if that source can't provide it. */
export function installerOf(os: OsRelease, source: DockerSection['source']): Installer | undefined {
  const family = FAMILIES.find(({ matches }) => matches(os));
  if (!family) return undefined;
  const { manager, distro, official } = family;
  if (source === 'official') return official && { manager, packages: official.packages, folder: official.folder(os) };
  return distro && { manager, packages: distro };
}

/** The package managers by name. */
export const managers: Readonly<Record<PackageManager['name'], PackageManager>> = { apt, dnf, zypper, apk };
