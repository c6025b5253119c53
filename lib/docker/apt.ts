import type { Available, PackageManager } from './manager.ts';

/** How many seconds to wait for another package manager (unattended-upgrades, cloud-init) to finish. */
const LOCK_TIMEOUT_S = 600;

/**
 * The file descriptor on which apt-get reports progress. Not 1: apt closes that one for the packages' scripts, which
 * then can't print. Not 3: debconf uses it.
 */
const STATUS_FD = 5;

const OPTIONS = [
  '-o',
  `DPkg::Lock::Timeout=${LOCK_TIMEOUT_S}`,
  '-o',
  `APT::Status-Fd=${STATUS_FD}`,
  '-o',
  'Dpkg::Use-Pty=0',
  '-o',
  'Acquire::Retries=3',
  '-o',
  'Acquire::Languages=none',
];

const INSTALLING = [
  '-y',
  '-q',
  '--no-install-recommends',
  '--no-remove',
  '--allow-downgrades',
  '--allow-change-held-packages',
];

/** Opens the progress descriptor onto standard output, and keeps packages from asking questions. */
function withStatus(argv: readonly string[]): string[] {
  return ['env', 'DEBIAN_FRONTEND=noninteractive', 'sh', '-c', `exec "$@" ${STATUS_FD}>&1`, 'sh', ...argv];
}

/** Debian and Ubuntu. Sources: apt-get(8), apt-cache(8), apt-mark(8), dpkg-query(1). */
export const apt: PackageManager = {
  name: 'apt',
  refresh: withStatus(['apt-get', 'update', '-q', ...OPTIONS]),
  versions: (names) => ['apt-cache', 'madison', ...names],
  parseVersions: parseMadison,
  spec: ({ name, version }) => `${name}=${version}`,
  install: (specs) => withStatus(['apt-get', 'install', ...INSTALLING, ...OPTIONS, ...specs]),
  download: (specs) => withStatus(['apt-get', 'install', '--download-only', ...INSTALLING, ...OPTIONS, ...specs]),
  remove: (names) =>
    withStatus(['apt-get', 'remove', '-y', '-q', '--allow-change-held-packages', ...OPTIONS, ...names]),
  inTheWay: (output) => /will be REMOVED:\n((?: {2}.*\n)+)/.exec(output)?.[1]?.trim().split(/\s+/) ?? [],
  hold: (names) => ['apt-mark', 'hold', ...names],
  release: (names) => ['apt-mark', 'unhold', ...names],
  installed: ['dpkg-query', '--show', '--showformat=${db:Status-Abbrev} ${Package}\\n'],
  progress: parseStatus,
};

/** Reads `apt-cache madison`: "docker.io | 26.1.5+dfsg1-9+b9 | http://... trixie/main amd64 Packages". */
function parseMadison(output: string): Available[] {
  return output.split('\n').flatMap((line) => {
    const [name, version] = line.split('|').map((part) => part.trim());
    return name && version ? [{ name, version }] : [];
  });
}

/** Reads a line of APT::Status-Fd: "pmstatus:docker.io:66.66:Unpacking docker.io (amd64)". */
function parseStatus(line: string): { detail: string; percent: number } | undefined {
  const match = /^(dl|pm)status:[^:]*:([\d.]+):(.*)$/.exec(line);
  if (!match) return undefined;
  const [, kind, percent, what] = match;
  return {
    detail: kind === 'dl' ? `downloading packages` : (what ?? '').toLowerCase(),
    percent: Math.round(Number(percent)),
  };
}
