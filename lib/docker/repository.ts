import { dirname } from 'node:path/posix';
import { hasCode, SwarmupError } from '../util/errors.ts';
import type { OsRelease } from '../facts/os-release.ts';
import type { DockerSection } from '../config/model.ts';
import type { Abortable } from '../contracts/context.ts';
import type { Host } from '../contracts/host.ts';
import type { Installer } from './installers.ts';
import type { PackageManager } from './manager.ts';
import { packageFailure } from './package-failure.ts';
import { DOCKER_KEYS, readKeys } from './repository-key.ts';

/** Docker's own repository, with the settings of the cluster file. */
export interface Repository {
  /** Such as https://packages.example.org/linux, with a folder for each distribution. */
  readonly address: string;
  /** The fingerprint of its signing key; default: Docker's own keys. */
  readonly key: string | undefined;
}

const APT_HELPER = '/usr/lib/apt/apt-helper';

/** The paths of the repository's files on a host. */
interface Files {
  readonly key: string;
  readonly list: string;
}

const FILES: Readonly<Record<'apt' | 'dnf', Files>> = {
  apt: { key: '/etc/apt/keyrings/docker.asc', list: '/etc/apt/sources.list.d/docker.sources' },
  dnf: { key: '/etc/pki/rpm-gpg/RPM-GPG-KEY-docker', list: '/etc/yum.repos.d/docker-ce.repo' },
};

/** What of the cluster file and the host says which repository is added. */
interface Wanted extends Abortable {
  readonly os: OsRelease;
  readonly docker: DockerSection;
}

/**
 * Adds Docker's own repository where the packages come from it; does nothing otherwise.
 * @throws SwarmupError INSTALL_UNSUPPORTED when it has nothing for the host's release, DOWNLOAD_FAILED, CHECKSUM_MISMATCH
 */
export async function readyRepository(host: Host, { folder, manager }: Installer, wanted: Wanted): Promise<void> {
  const { repository: address, repositoryKey: key } = wanted.docker;
  if (folder === undefined || address === undefined || (manager.name !== 'apt' && manager.name !== 'dnf')) return;
  await addRepository(host, { address, key }, { manager: manager.name, folder, os: wanted.os }, wanted.signal);
}

/**
 * Reads the package lists, and removes Docker's again if the package manager refuses it: otherwise nothing could be
 * installed on the host any more.
 */
export async function withoutRefusedList<T>(
  host: Host,
  { folder, manager }: Installer,
  { docker, signal }: Wanted,
  read: () => Promise<T>,
): Promise<T> {
  try {
    return await read();
  } catch (error) {
    const own = docker.repository !== undefined && folder !== undefined && baseOf(docker.repository, folder);
    if (own && hasCode(error, 'INSTALL_FAILED') && error.message.includes(own) && isRefusal(error.output))
      await host.run(['rm', '-f', ...repositoryFiles(manager)], { signal });
    throw error;
  }
}

/** Whether the package manager will refuse it the next time too. */
function isRefusal(output = ''): boolean {
  const kind = packageFailure(output)?.kind;
  return kind === 'no-release' || kind === 'signature' || kind === 'expired';
}

function baseOf(address: string, folder: string): string {
  return `${address.replace(/\/$/, '')}/${folder}`;
}

/** The files that `addRepository` writes, for their removal. */
export function repositoryFiles({ name }: Pick<PackageManager, 'name'>): readonly string[] {
  return name === 'apt' || name === 'dnf' ? [FILES[name].list, FILES[name].key] : [];
}

/**
 * Adds Docker's own repository, trusting only the expected signing key.
 * @param folder the distribution's folder in the repository
 * @throws SwarmupError DOWNLOAD_FAILED, CHECKSUM_MISMATCH for another key
 */
async function addRepository(
  host: Host,
  repository: Repository,
  { manager, folder, os }: { readonly manager: 'apt' | 'dnf'; readonly folder: string; readonly os: OsRelease },
  signal: AbortSignal,
): Promise<void> {
  const base = baseOf(repository.address, folder);
  const { key, list } = FILES[manager];
  await host.run(['install', '-d', '-m', '0755', dirname(key)], { signal });
  if (manager === 'apt') await requireRelease(host, base, os, signal);
  await fetchKey(host, `${base}/gpg`, { manager, key, wanted: repository.key }, signal);
  const text = manager === 'apt' ? await aptSource(host, base, os, signal) : dnfSource(base);
  await host.run(['tee', list], { input: text, signal });
}

/**
 * Asks for the list of the host's release, as apt will: with the same proxy and certificates. Only an answer that there
 * is none counts; apt itself says best what else is wrong. Source: apt-helper(8).
 */
async function requireRelease(host: Host, base: string, os: OsRelease, signal: AbortSignal): Promise<void> {
  const file = `${FILES.apt.key}.release`;
  try {
    for (const name of ['InRelease', 'Release']) {
      const fetch = [APT_HELPER, 'download-file', `${base}/dists/${os.codename}/${name}`, file];
      const { exitCode, stdout, stderr } = await host.run(fetch, { signal, okExit: 'any' });
      if (exitCode === 0 || packageFailure(`${stdout}\n${stderr}`)?.kind !== 'no-release') return;
    }
  } finally {
    await host.run(['rm', '-f', file], { signal });
  }
  throw new SwarmupError(
    'INSTALL_UNSUPPORTED',
    `${host.name}: Docker's repository ${base} has no packages for ${os.codename || 'a release without a codename'}, which ${host.name} runs (${os.prettyName})`,
    {
      fix: "Set docker.source: distro for the distribution's own packages, or docker.repository to one that has them.",
    },
  );
}

async function fetchKey(
  host: Host,
  address: string,
  {
    manager,
    key,
    wanted,
  }: { readonly manager: 'apt' | 'dnf'; readonly key: string; readonly wanted: string | undefined },
  signal: AbortSignal,
): Promise<void> {
  const fix = `Check whether ${host.name} can reach ${address}, or use docker.source: distro.`;
  // A key is trusted under its final file name, so it gets that name only after it has been verified.
  const unread = `${key}.new`;
  // Each family of systems has only one of these programs.
  const fetch =
    manager === 'apt'
      ? [APT_HELPER, 'download-file', address, unread]
      : ['curl', '-fsSL', '--max-time', '60', '-o', unread, address];
  try {
    await host.run(fetch, { signal, fix });
    const { stdout } = await host.run(['cat', unread], { signal });
    await host.run(['tee', key], { input: requireKey(stdout, wanted, `${host.name}: ${address}`), signal });
  } catch (error) {
    if (hasCode(error, 'COMMAND_FAILED'))
      throw new SwarmupError('DOWNLOAD_FAILED', `${host.name}: Docker's signing key can't be fetched from ${address}`, {
        fix,
        output: error.output ?? '',
        cause: error,
      });
    throw error;
  } finally {
    await host.run(['rm', '-f', unread], { signal });
  }
}

/**
 * The key of a file that contains only the expected key.
 * @param where the file's name, for messages
 * @returns the key in armour
 * @throws SwarmupError CHECKSUM_MISMATCH
 */
function requireKey(text: string, wanted: string | undefined, where: string): string {
  const found = readKeys(text);
  const expected = wanted === undefined ? DOCKER_KEYS : [wanted.replaceAll(' ', '').toUpperCase()];
  const [seen, ...others] = found?.fingerprints ?? [];
  if (found && seen !== undefined && others.length === 0 && expected.includes(seen)) return found.armored;
  const what =
    seen === undefined
      ? 'not a file of OpenPGP keys'
      : others.length === 0
        ? `the key ${seen}`
        : `${others.length + 1} keys (${[seen, ...others].join(', ')})`;
  throw new SwarmupError('CHECKSUM_MISMATCH', `${where} is ${what}; expected only ${expected.join(' or ')}`, {
    fix: 'Package managers trust every key in it. If the repository is meant to use another key, set docker.repositoryKey to its fingerprint.',
  });
}

async function aptSource(host: Host, base: string, { codename }: OsRelease, signal: AbortSignal): Promise<string> {
  const { stdout } = await host.run(['dpkg', '--print-architecture'], { signal });
  return `Types: deb\nURIs: ${base}\nSuites: ${codename}\nComponents: stable\nArchitectures: ${stdout.trim()}\nSigned-By: ${FILES.apt.key}\n`;
}

function dnfSource(base: string): string {
  return `[docker-ce-stable]\nname=Docker CE Stable\nbaseurl=${base}/$releasever/$basearch/stable\nenabled=1\ngpgcheck=1\ngpgkey=file://${FILES.dnf.key}\n`;
}
