import { hasCode, SwarmupError } from '../errors.ts';
import type { Progress } from '../events.ts';
import type { Host } from '../remote/host.ts';

/** Waits this many seconds for another package manager (unattended-upgrades, cloud-init) to finish. */
const LOCK_TIMEOUT_S = 600;

/**
 * Where apt-get tells its progress. Not 1: apt closes that descriptor for the packages' own scripts, which then can't print;
 * not 3, which debconf uses.
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

/** What swarm nodes need from a Debian or Ubuntu distribution; `docker-cli` is a package of its own since Debian 13. */
export const DISTRO_PACKAGES = ['docker.io', 'docker-cli', 'apparmor', 'iptables', 'ca-certificates'] as const;

export type Report = (detail: string, progress?: Progress) => void;

/** Opens the progress descriptor onto standard output, and keeps packages from asking questions. */
function withStatus(argv: readonly string[]): string[] {
  return ['env', 'DEBIAN_FRONTEND=noninteractive', 'sh', '-c', `exec "$@" ${STATUS_FD}>&1`, 'sh', ...argv];
}

/** `apt-get update`, waiting for locks. */
export async function aptUpdate(host: Host, report: Report, signal: AbortSignal): Promise<void> {
  report('reading the package lists');
  await host.run(withStatus(['apt-get', 'update', '-q', ...OPTIONS]), {
    signal,
    fix: `See whether ${host.name} can reach its package mirror: swarmup ssh ${host.name} -- apt-get update`,
  });
}

/** `apt-get install` of packages, with a progress figure. */
export async function aptInstall(
  host: Host,
  packages: readonly string[],
  report: Report,
  signal: AbortSignal,
): Promise<void> {
  await host.run(
    withStatus([
      'apt-get',
      'install',
      '-y',
      '-q',
      '--no-install-recommends',
      '--allow-downgrades',
      ...OPTIONS,
      ...packages,
    ]),
    {
      signal,
      onLine: (line) => {
        const status = parseStatus(line);
        if (status) report(status.detail, { done: status.percent, total: 100 });
      },
      fix: `Look at it by hand: swarmup ssh ${host.name} -- apt-get install ${packages.join(' ')}`,
    },
  );
}

/**
 * Which of these packages the distribution has, in the version wanted.
 *
 * @returns names, with `=version` where a version was pinned
 * @throws SwarmupError INSTALL_UNSUPPORTED when the version is not there, listing those that are
 */
export async function choosePackages(
  host: Host,
  wanted: readonly string[],
  version: string | undefined,
  signal: AbortSignal,
): Promise<string[]> {
  const { stdout } = await host.run(['apt-cache', 'madison', ...wanted], { signal });
  const available = parseMadison(stdout);
  const engine = wanted[0] ?? '';
  return wanted.flatMap((name) => {
    const versions = available.get(name);
    if (!versions) return [];
    if (name !== engine || version === undefined) return [name];
    const match = versions.find((candidate) => matchesVersion(candidate, version));
    if (match === undefined) {
      throw new SwarmupError(
        'INSTALL_UNSUPPORTED',
        `${host.name}: there is no ${engine} ${version}; its sources have ${versions.join(', ')}`,
        {
          fix: 'Set docker.version to one of these, or leave it out.',
        },
      );
    }
    return [`${name}=${match}`];
  });
}

/** Whether a package or engine version is the pinned one: 26.1.5 matches 26.1.5+dfsg1-9, 26.1.* and 26 do too. */
export function matchesVersion(actual: string, pinned: string): boolean {
  const plain = actual.replace(/^\d+:/, '');
  const prefix = pinned.replace(/\.?\*$/, '');
  return plain === prefix || (plain.startsWith(prefix) && /^[^0-9]/.test(plain.slice(prefix.length)));
}

/** Reads `apt-cache madison`: "docker.io | 26.1.5+dfsg1-9+b9 | http://... trixie/main amd64 Packages". */
export function parseMadison(output: string): Map<string, string[]> {
  const found = new Map<string, string[]>();
  for (const line of output.split('\n')) {
    const [name, version] = line.split('|').map((part) => part.trim());
    if (!name || !version) continue;
    found.set(name, [...(found.get(name) ?? []), version]);
  }
  return found;
}

/** Reads a line of APT::Status-Fd: "pmstatus:docker.io:66.66:Unpacking docker.io (amd64)". */
export function parseStatus(line: string): { detail: string; percent: number } | undefined {
  const match = /^(dl|pm)status:[^:]*:([\d.]+):(.*)$/.exec(line);
  if (!match) return undefined;
  const [, kind, percent, what] = match;
  return {
    detail: kind === 'dl' ? `downloading packages` : (what ?? '').toLowerCase(),
    percent: Math.round(Number(percent)),
  };
}

/** Docker's own repository for Debian and Ubuntu, with its key verified by apt through signed-by. */
export async function addRepository(
  host: Host,
  repository: string,
  os: { id: string; codename: string },
  signal: AbortSignal,
): Promise<void> {
  const base = `${repository.replace(/\/$/, '')}/${os.id}`;
  const keyring = '/etc/apt/keyrings/docker.asc';
  const fix = `See whether ${host.name} can reach ${base}, or use docker.source: distro.`;
  await host.run(['install', '-d', '-m', '0755', '/etc/apt/keyrings'], { signal });
  try {
    await host.run(['/usr/lib/apt/apt-helper', 'download-file', `${base}/gpg`, keyring], { signal, fix });
  } catch (error) {
    if (hasCode(error, 'COMMAND_FAILED'))
      throw new SwarmupError(
        'DOWNLOAD_FAILED',
        `${host.name}: Docker's signing key can't be fetched from ${base}/gpg`,
        { fix, output: error.output ?? '', cause: error },
      );
    throw error;
  }
  const { stdout } = await host.run(['dpkg', '--print-architecture'], { signal });
  const source = `Types: deb\nURIs: ${base}\nSuites: ${os.codename}\nComponents: stable\nArchitectures: ${stdout.trim()}\nSigned-By: ${keyring}\n`;
  await host.run(['tee', '/etc/apt/sources.list.d/docker.sources'], { input: source, signal });
}

export const OFFICIAL_PACKAGES = ['docker-ce', 'docker-ce-cli', 'containerd.io', 'apparmor', 'iptables'] as const;
