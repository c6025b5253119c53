import { quoteThroughSsh } from '../util/shell-quote.ts';
import type { DockerSection } from '../config/model.ts';
import { SwarmupError } from '../util/errors.ts';
import type { OsRelease } from '../facts/os-release.ts';
import type { Work } from '../contracts/context.ts';
import type { Host } from '../contracts/host.ts';
import { choosePackages } from './choose.ts';
import { holdEngine, releaseEngine } from './holds.ts';
import { keepReceipt } from './receipt.ts';
import { installerOf, type Installer } from './installers.ts';
import type { PackageManager } from './manager.ts';
import { programOf } from './package-error.ts';
import { runPackages } from './package-run.ts';
import { readyRepository, withoutRefusedList } from './repository.ts';

export interface InstallOptions extends Work {
  readonly os: OsRelease;
  readonly docker: DockerSection;
}

/**
 * Prepares an installation: the repository, the package lists, the choice of packages, and their download if the
 * package manager can. Nothing that runs is touched.
 *
 * @returns the packages for `installDocker`
 * @throws SwarmupError INSTALL_UNSUPPORTED, INSTALL_FAILED, DOWNLOAD_FAILED, CHECKSUM_MISMATCH, COMMAND_FAILED; TIMED_OUT
 * when another program uses the package manager too long
 */
export async function fetchDocker(host: Host, options: InstallOptions): Promise<readonly string[]> {
  const installer = requireInstaller(host, options);
  const { manager } = installer;
  const specs = await prepare(host, installer, options);
  if (!manager.download) return specs;
  options.report('downloading packages');
  const fix = fixFor(host, manager, `download ${specs.join(' ')}`);
  await runPackages(host, { manager, argv: manager.download(specs), fix }, options);
  return specs;
}

/**
 * Installs Docker, in the pinned version if there is one. The engine's packages are held together: an upgrade of
 * containerd stops containers as one of the engine does. A receipt on the host lists what was installed, so that it can
 * be removed.
 * @param fetched what `fetchDocker` chose, if it ran before
 * @throws SwarmupError the same as `fetchDocker`, and INSTALL_CONFLICT
 */
export async function installDocker(host: Host, options: InstallOptions, fetched?: readonly string[]): Promise<void> {
  const { signal } = options;
  const installer = requireInstaller(host, options);
  const { manager } = installer;
  await keepReceipt(host, manager, signal, async () => {
    const specs = fetched ?? (await prepare(host, installer, options));
    await releaseEngine(host, manager, options);
    await installPackages(host, manager, specs, options);
    await holdEngine(host, manager, options);
  });
}

function requireInstaller(host: Host, { os, docker }: InstallOptions): Installer {
  const installer = installerOf(os, docker.source);
  if (!installer) throw unsupported(host.name, os, docker.source);
  return installer;
}

/** Prepares the repository and the package lists, and chooses the packages. */
async function prepare(host: Host, installer: Installer, options: InstallOptions): Promise<readonly string[]> {
  const { manager } = installer;
  await readyRepository(host, installer, options);
  const lists = await withoutRefusedList(host, installer, options, () => refresh(host, manager, options));
  return choosePackages(host, installer, { ...options, version: options.docker.version, lists });
}

/** Reads the package lists. @returns what the package manager printed: apt only warns of servers that it can't reach */
export async function refresh(host: Host, manager: PackageManager, work: Work): Promise<string> {
  work.report('reading the package lists');
  const fix = fixFor(host, manager, 'reach its package mirror');
  return runPackages(host, { manager, argv: manager.refresh, fix }, work);
}

/** Installs packages, with progress where the package manager reports it. */
export async function installPackages(
  host: Host,
  manager: PackageManager,
  specs: readonly string[],
  work: Work,
): Promise<void> {
  work.report('installing packages');
  const command = {
    manager,
    argv: manager.install(specs),
    fix: fixFor(host, manager, `install ${specs.join(' ')}`),
    onLine: (line: string) => {
      const status = manager.progress?.(line);
      if (status) work.report(status.detail, { done: status.percent, total: 100 });
    },
    explain: (output: string, error: SwarmupError) => {
      const inTheWay = [...new Set(manager.inTheWay?.(output) ?? [])];
      return inTheWay.length > 0 ? conflict(host, manager, inTheWay, error) : undefined;
    },
  };
  await runPackages(host, command, work);
}

function fixFor(host: Host, manager: PackageManager, what: string): string {
  return `Check by hand whether ${host.name} can ${what}: swarmup ssh ${host.name}, then ${programOf(manager)}`;
}

function conflict(host: Host, manager: PackageManager, names: readonly string[], cause: SwarmupError): SwarmupError {
  const { output } = cause;
  return new SwarmupError(
    'INSTALL_CONFLICT',
    `${host.name}: Docker can't be installed beside ${names.join(', ')}, which ${names.length === 1 ? 'is' : 'are'} installed`,
    {
      fix: `swarmup removes nothing that it didn't install. If nothing there needs ${names.length === 1 ? 'it' : 'them'}, run: swarmup ssh ${host.name} -- sudo ${programOf(manager)} remove ${quoteThroughSsh(names)}`,
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
