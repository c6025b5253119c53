import type { Fact } from './fact.ts';

/** Which of Docker's packages a host has, and which of them its package manager keeps at their version. */
export interface PackageHolds {
  /** The package manager with which swarmup installed Docker there: only then does it hold the packages. */
  readonly manager: 'apt' | 'dnf' | 'zypper' | 'apk' | undefined;
  readonly installed: readonly string[];
  readonly held: readonly string[];
}

/**
 * Packages whose upgrade stops the engine or its containers, from Docker's repository and from distributions. The client
 * moves with the engine; it is held so that both stay alike.
 */
export const ENGINE_PACKAGES = [
  'docker-ce',
  'docker-ce-cli',
  'containerd.io',
  'docker.io',
  'docker-cli',
  'docker',
  'moby-engine',
  'containerd',
  'runc',
] as const;

/** The list of what swarmup installed on a host. */
export const RECEIPT = '/var/lib/swarmup/docker.json';

/** A note that the host's package manager can't hold packages; `up` doesn't try again until Docker is upgraded. */
export const NOT_HELD = '/var/lib/swarmup/not-held';

const MANAGERS = ['apt', 'dnf', 'zypper', 'apk'] as const;
const NAMES = ENGINE_PACKAGES.join(' ');

/**
 * Prints the package manager of the receipt, and for each package "ii NAME" or "hi NAME". The locks of dnf 4 are lines such as
 * "docker-ce-3:27.3.1-1.el9.*", those of dnf 5 and zypper have lines with the name. apk keeps what /etc/apk/world pins, and
 * upgrades nothing by itself. Sources: dpkg-query(1); dnf-versionlock(8); dnf5-versionlock(8); zypper(8), locks.
 */
const COMMAND = [
  // An installation that failed leaves a receipt too.
  `[ ! -e ${NOT_HELD} ] && grep -q -E '"(docker-ce|docker\\.io|docker|moby-engine)"' ${RECEIPT} &&`,
  `  sed -n 's/.*"manager":"\\([a-z]*\\)".*/manager \\1/p' ${RECEIPT}`,
  'if command -v dpkg-query; then',
  `  dpkg-query -W -f '\${db:Status-Abbrev} \${Package}\\n' ${NAMES}`,
  'fi; if command -v rpm; then',
  `  for p in $(rpm -q --qf '%{NAME}\\n' ${NAMES} | grep -v ' '); do`,
  '    if grep -q -e "^$p-[0-9]" /etc/dnf/plugins/versionlock.list || grep -q -e "^name *= *\\"$p\\"" /etc/dnf/versionlock.toml ||',
  '      grep -q -e "^solvable_name: $p\\$" /etc/zypp/locks; then echo "hi $p"; else echo "ii $p"; fi',
  '  done',
  'fi',
].join('\n');

export const packageHolds: Fact<PackageHolds> = {
  command: COMMAND,
  parse: (output) => {
    const found = [...output.matchAll(/^([hi])i +(\S+)$/gm)].map(([, state, name = '']) => ({ state, name }));
    return {
      manager: MANAGERS.find((manager) => manager === /^manager (\S+)$/m.exec(output)?.[1]),
      installed: found.map(({ name }) => name),
      held: found.filter(({ state }) => state === 'h').map(({ name }) => name),
    };
  },
};

/** The packages that an upgrade by others may touch. */
export function unheld({ installed, held }: PackageHolds): readonly string[] {
  return installed.filter((name) => !held.includes(name));
}
