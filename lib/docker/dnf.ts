import { NOT_HELD } from '../facts/package-holds.ts';
import type { Available, PackageManager } from './manager.ts';

/** The name under which rpm lists the keys it trusts, each with a version, like packages. */
const KEY = 'gpg-pubkey';

/** RHEL and its derivatives, Fedora, Amazon Linux 2023. dnf waits for its own lock. Sources: dnf4(8), dnf5(8). */
export const dnf: PackageManager = {
  name: 'dnf',
  refresh: ['dnf', '-q', '-y', 'makecache'],
  // dnf 5 adds no line break, dnf 4 adds one per package: empty lines are skipped.
  versions: (names) => ['dnf', '-q', 'repoquery', '--available', '--queryformat', '%{name} %{evr}\n', ...names],
  parseVersions: parseQuery,
  spec: ({ name, version }) => `${name}-${version}`,
  install: (specs) => ['dnf', '-q', '-y', 'install', ...specs],
  remove,
  inTheWay: (output) => [...output.matchAll(/problem with installed package (\S+)/g)].map(([, name]) => name ?? ''),
  hold: (names) => withVersionlock('add', names),
  release: (names) => withVersionlock('delete', names),
  installed: [
    'sh',
    '-c',
    `rpm -qa --queryformat 'ii %{NAME}\\n' | grep -v ' ${KEY}$'; rpm -q ${KEY} | sed -n 's/^${KEY}-/ii &/p'`,
  ],
};

/** Arguments: the number of keys, the keys, the packages. */
const REMOVE = [
  'n=$1; shift',
  'while [ "$n" -gt 0 ]; do rpm -e --allmatches "$1" || exit; shift; n=$((n - 1)); done',
  'dnf -q -y remove --noautoremove "$@"',
].join('\n');

/** Removes the packages' signing keys as well: dnf imports them, but can't remove them as packages. */
function remove(names: readonly string[]): string[] {
  const isKey = (name: string) => name.startsWith(`${KEY}-`);
  const keys = names.filter(isKey);
  return ['sh', '-c', REMOVE, 'sh', String(keys.length), ...keys, ...names.filter((name) => !isKey(name))];
}

/**
 * dnf 4 has versionlock in a plugin, which is installed if it isn't there. A host whose repositories don't have it is
 * noted, and keeps its packages unheld: doctor warns of what may upgrade them. Unlocking what isn't locked fails, and that is ignored.
 */
function withVersionlock(action: 'add' | 'delete', names: readonly string[]): string[] {
  const script =
    action === 'add'
      ? `dnf -q versionlock --help >/dev/null 2>&1 || dnf -q -y install "dnf-command(versionlock)" || { : > ${NOT_HELD}; exit 0; }
rm -f ${NOT_HELD}
dnf -q versionlock add "$@"`
      : `rm -f ${NOT_HELD}; dnf -q versionlock --help >/dev/null 2>&1 && dnf -q versionlock delete "$@"; true`;
  return ['sh', '-c', script, 'sh', ...names];
}

function parseQuery(output: string): Available[] {
  const found = output.split('\n').flatMap((line): Available[] => {
    const [name, version] = line.trim().split(' ');
    return name && version ? [{ name, version: version.replace(/^0:/, '') }] : [];
  });
  // The oldest come first.
  return found.toReversed();
}
