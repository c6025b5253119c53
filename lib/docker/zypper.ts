import type { Available, PackageManager } from './manager.ts';

/** Seconds for another zypper or YaST to finish. Source: zypper(8), ZYPP_LOCK_TIMEOUT. */
const LOCK_TIMEOUT_S = 600;

const zypp = (...argv: readonly string[]) => [
  'env',
  `ZYPP_LOCK_TIMEOUT=${LOCK_TIMEOUT_S}`,
  'zypper',
  '--non-interactive',
  '--quiet',
  ...argv,
];

/** openSUSE and SUSE. Source: zypper(8). */
export const zypper: PackageManager = {
  name: 'zypper',
  refresh: zypp('refresh'),
  versions: (names) => zypp('search', '--details', '--match-exact', '--type', 'package', ...names),
  parseVersions: parseTable,
  spec: ({ name, version }) => `${name}=${version}`,
  install: (specs) => zypp('install', '--no-recommends', '--oldpackage', ...specs),
  remove: (names) => zypp('remove', ...names),
  hold: (names) => zypp('addlock', ...names),
  release: (names) => zypp('removelock', ...names),
  installed: ['rpm', '-qa', '--queryformat', 'ii %{NAME}\\n'],
};

/** Reads "S | Name | Type | Version | Arch | Repository". */
function parseTable(output: string): Available[] {
  const found = output.split('\n').flatMap((line): Available[] => {
    const [, name, type, version] = line.split('|').map((cell) => cell.trim());
    return name && version && type === 'package' ? [{ name, version }] : [];
  });
  return found.filter((one, i) => found.findIndex((other) => isSame(one, other)) === i);
}

/** zypper lists an installed version a second time for its repository. */
function isSame(one: Available, other: Available): boolean {
  return one.name === other.name && one.version === other.version;
}
