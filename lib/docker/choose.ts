import type { Host } from '../contracts/host.ts';
import { SwarmupError } from '../util/errors.ts';
import type { Installer } from './installers.ts';
import { matchesVersion, type Available, type PackageManager } from './manager.ts';
import { packageError } from './package-error.ts';
import { packageFailure } from './package-failure.ts';

export interface Choice {
  /** The pinned version. */
  readonly version: string | undefined;
  /** What the package manager printed when it read the lists: why they may be incomplete. */
  readonly lists: string;
  readonly signal: AbortSignal;
}

/**
 * The installer's packages that are available in the wanted version.
 * @returns package specs for the manager's `install`
 * @throws SwarmupError INSTALL_UNSUPPORTED when the engine or the version isn't available, listing the available
 * versions; INSTALL_FAILED when the lists couldn't be read
 */
export async function choosePackages(
  host: Host,
  { manager, packages }: Installer,
  { version, lists, signal }: Choice,
): Promise<string[]> {
  const { stdout } = await host.run(manager.versions(packages), { signal });
  const available = manager.parseVersions(stdout);
  const engine = packages[0] ?? '';
  const versions = available.filter(({ name }) => name === engine);
  if (versions.length === 0) throw unavailable(host, manager, engine, lists);
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

/** No source has the package: because a server couldn't be reached, or because none has it. */
function unavailable(host: Host, manager: PackageManager, engine: string, lists: string): SwarmupError {
  const failure = packageFailure(lists);
  if (failure && failure.kind !== 'locked')
    return packageError({ ...failure, kind: failure.kind }, { host: host.name, manager });
  return new SwarmupError('INSTALL_UNSUPPORTED', `${host.name}: its package sources have no ${engine}`, {
    fix: `Add a source that has it, or check the existing sources: swarmup ssh ${host.name} -- sudo ${manager.refresh.join(' ')}`,
  });
}

function majorOf({ version }: Available): string {
  return version.replace(/^\d+:/, '').split('.')[0] ?? '';
}
