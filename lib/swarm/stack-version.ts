import { CLIENTS, cliName, cliVersion, WITHOUT_VERSION } from '../compose/clients.ts';
import type { StackSpec } from '../config/model.ts';
import type { Host } from '../contracts/host.ts';

/** Which docker commands can read which Compose files. */

/**
 * Why a docker command can't read a file of this version; undefined when it can.
 *
 * @param version as the Compose file claims it; undefined for none
 * @param cli from `cliVersion`
 */
export function tooOldFor(version: string | undefined, cli: number): string | undefined {
  const known = CLIENTS.findLast((one) => cli >= one.cli)?.newest ?? 8;
  const needed = neededBy(version);
  if (needed === undefined || cli >= needed) return undefined;
  const claimed = version === undefined || version === '' ? 'without a version' : `of version ${version}`;
  return `docker ${cliName(cli)} can't read a Compose file ${claimed}: it reads 3.0 to 3.${known}`;
}

/**
 * The version that a Compose file has to claim for a docker command that reads none without; undefined where it need not.
 *
 * @param cli from `cliVersion`
 */
export function versionToClaim(cli: number): string | undefined {
  return cli < WITHOUT_VERSION ? `3.${CLIENTS[0].newest}` : undefined;
}

/** Whether every docker command that swarmup supports reads a stack's files as the newest does. */
export function isReadByAll({ version, older = [] }: Pick<StackSpec, 'version' | 'older'>): boolean {
  return neededBy(version) === undefined && older.length === 0;
}

/** The first docker command that reads a file of this version; undefined when all do that swarmup supports. */
function neededBy(version: string | undefined): number | undefined {
  if (version === undefined || version === '') return WITHOUT_VERSION;
  const minor = Number(/^3\.(\d+)$/.exec(version)?.[1] ?? 0);
  const first = CLIENTS.find((one) => one.newest >= minor);
  return first === CLIENTS[0] ? undefined : first?.cli;
}

/** The version of a manager's docker command, which may differ from its engine's. */
export async function dockerOn(manager: Host, signal: AbortSignal): Promise<number | undefined> {
  const { stdout } = await manager.run(['docker', '--version'], { signal });
  return cliVersion(stdout);
}
