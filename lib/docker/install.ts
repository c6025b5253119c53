import type { DockerSection } from '../config/model.ts';
import { hasCode, SwarmupError } from '../util/errors.ts';
import type { OsRelease } from '../facts/os-release.ts';
import type { Host } from '../contracts/host.ts';
import { keepReceipt } from './receipt.ts';
import { installerOf, type Installer } from './installers.ts';
import { matchesVersion, type Available, type PackageManager, type Report } from './manager.ts';
import { addRepository } from './repository.ts';

export interface InstallOptions {
  readonly os: OsRelease;
  readonly docker: DockerSection;
  readonly report: Report;
  readonly signal: AbortSignal;
}

/**
 * Prepares an installation: the repository, the package lists, the choice of packages, and their download if the
 * package manager can. Nothing that runs is touched.
 *
 * @returns the packages for `installDocker`
 * @throws SwarmupError INSTALL_UNSUPPORTED, DOWNLOAD_FAILED, CHECKSUM_MISMATCH, COMMAND_FAILED
 */
export async function fetchDocker(host: Host, options: InstallOptions): Promise<readonly string[]> {
  const { report, signal } = options;
  const installer = requireInstaller(host, options);
  const { manager } = installer;
  const specs = await prepare(host, installer, options);
  if (!manager.download) return specs;
  report('downloading packages');
  await host.run(manager.download(specs), { signal, fix: fixFor(host, manager, `download ${specs.join(' ')}`) });
  return specs;
}

/**
 * Installs Docker, in the pinned version if there is one; a pinned version is held. A receipt on the host lists what
 * was installed, so that it can be removed.
 * @param fetched what `fetchDocker` chose, if it ran before
 * @throws SwarmupError INSTALL_UNSUPPORTED, DOWNLOAD_FAILED, CHECKSUM_MISMATCH, COMMAND_FAILED
 */
export async function installDocker(host: Host, options: InstallOptions, fetched?: readonly string[]): Promise<void> {
  const { docker, signal } = options;
  const installer = requireInstaller(host, options);
  const { manager } = installer;
  await keepReceipt(host, manager, signal, async () => {
    const specs = fetched ?? (await prepare(host, installer, options));
    if (docker.version !== undefined) await host.run(manager.release(installer.packages), { signal });
    await installPackages(host, manager, specs, options);
    const [engine] = installer.packages;
    if (docker.version !== undefined && engine !== undefined) await host.run(manager.hold([engine]), { signal });
  });
}

function requireInstaller(host: Host, { os, docker }: InstallOptions): Installer {
  const installer = installerOf(os, docker.source);
  if (!installer) throw unsupported(host.name, os, docker.source);
  return installer;
}

/** Prepares the repository and the package lists, and chooses the packages. */
async function prepare(host: Host, installer: Installer, options: InstallOptions): Promise<readonly string[]> {
  const { docker, report, signal } = options;
  const { manager } = installer;
  await readyRepository(host, installer, options);
  report('reading the package lists');
  await host.run(manager.refresh, { signal, fix: fixFor(host, manager, 'reach its package mirror') });
  return choosePackages(host, installer, docker.version, signal);
}

async function readyRepository(
  host: Host,
  installer: Installer,
  { os, docker, signal }: InstallOptions,
): Promise<void> {
  const { folder, manager } = installer;
  const { repository: address, repositoryKey: key } = docker;
  if (folder === undefined || address === undefined || (manager.name !== 'apt' && manager.name !== 'dnf')) return;
  await addRepository(host, { address, key }, { manager: manager.name, folder, os }, signal);
}

/** Installs packages, with progress where the package manager reports it. */
export async function installPackages(
  host: Host,
  manager: PackageManager,
  specs: readonly string[],
  { report, signal }: Pick<InstallOptions, 'report' | 'signal'>,
): Promise<void> {
  report('installing packages');
  const output: string[] = [];
  try {
    await host.run(manager.install(specs), {
      signal,
      onLine: (line) => {
        output.push(`${line}\n`);
        const status = manager.progress?.(line);
        if (status) report(status.detail, { done: status.percent, total: 100 });
      },
      fix: fixFor(host, manager, `install ${specs.join(' ')}`),
    });
  } catch (error) {
    const inTheWay = [...new Set(manager.inTheWay?.(output.join('')) ?? [])];
    throw hasCode(error, 'COMMAND_FAILED') && inTheWay.length > 0 ? conflict(host, manager, inTheWay, error) : error;
  }
}

/**
 * The installer's packages that are available in the wanted version.
 * @returns package specs for the manager's `install`
 * @throws SwarmupError INSTALL_UNSUPPORTED when the engine or the version isn't available, listing the available
 * versions
 */
export async function choosePackages(
  host: Host,
  { manager, packages }: Installer,
  version: string | undefined,
  signal: AbortSignal,
): Promise<string[]> {
  const { stdout } = await host.run(manager.versions(packages), { signal });
  const available = manager.parseVersions(stdout);
  const engine = packages[0] ?? '';
  const versions = available.filter(({ name }) => name === engine);
  if (versions.length === 0)
    throw new SwarmupError('INSTALL_UNSUPPORTED', `${host.name}: its package sources have no ${engine}`, {
      fix: `Add a source that has it, or check the existing sources: swarmup ssh ${host.name} -- sudo ${manager.refresh.join(' ')}`,
    });
  const wanted = version === undefined ? undefined : versions.find((one) => matchesVersion(one.version, version));
  if (version !== undefined && !wanted)
    throw new SwarmupError(
      'INSTALL_UNSUPPORTED',
      `${host.name}: its package sources have no ${engine} ${version}, only ${versions.map((one) => one.version).join(', ')}`,
      { fix: 'Set docker.version to one of these, or leave it out.' },
    );
  const there = packages.filter((name) => available.some((one) => one.name === name));
  return there.flatMap((name) => {
    if (name === engine && wanted) return manager.spec(wanted);
    if (version === undefined || !name.endsWith('-cli')) return name;
    // The client in the engine's version. Without one, the engine's own package brings a client.
    const clients = available.filter((one) => one.name === name);
    const client = clients.find((one) => matchesVersion(one.version, version));
    if (client) return manager.spec(client);
    return clients.some((one) => majorOf(one) === (wanted && majorOf(wanted))) ? name : [];
  });
}

function majorOf({ version }: Available): string {
  return version.replace(/^\d+:/, '').split('.')[0] ?? '';
}

function fixFor(host: Host, manager: PackageManager, what: string): string {
  return `Check by hand whether ${host.name} can ${what}: swarmup ssh ${host.name}, then ${programOf(manager)}`;
}

/** The program's name on the command line. */
function programOf({ name }: PackageManager): string {
  return name === 'apt' ? 'apt-get' : name;
}

function conflict(host: Host, manager: PackageManager, names: readonly string[], cause: SwarmupError): SwarmupError {
  const { output } = cause;
  return new SwarmupError(
    'INSTALL_CONFLICT',
    `${host.name}: Docker can't be installed beside ${names.join(', ')}, which ${names.length === 1 ? 'is' : 'are'} installed`,
    {
      fix: `swarmup removes nothing that it didn't install. If nothing there needs ${names.length === 1 ? 'it' : 'them'}, run: swarmup ssh ${host.name} -- sudo ${programOf(manager)} remove ${names.join(' ')}`,
      ...(output === undefined ? {} : { output }),
      cause,
    },
  );
}

function unsupported(node: string, os: OsRelease, source: string): SwarmupError {
  const other = installerOf(os, source === 'official' ? 'distro' : 'official');
  const from = source === 'official' ? "from Docker's repository" : 'from its own packages';
  return new SwarmupError(
    'INSTALL_UNSUPPORTED',
    `${node} runs ${os.prettyName || 'an unknown system'}, on which swarmup can't install Docker ${from}`,
    {
      fix: other
        ? `Set docker.source: ${source === 'official' ? 'distro' : 'official (and docker.repository)'}.`
        : 'Install Docker there by hand and set docker.source: preinstalled.',
    },
  );
}
