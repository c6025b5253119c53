import type { Host } from '../contracts/host.ts';

/** Which docker commands can read which Compose files. */

/**
 * The newest version of the Compose file format in each version of the docker command, from the oldest. Source:
 * docker/cli, cli/compose/schema/data in the tags v20.10.0 to v29.7.2.
 */
const NEWEST = [
  { cli: 20.1, minor: 9 },
  { cli: 23, minor: 10 },
  { cli: 24, minor: 11 },
  { cli: 25, minor: 12 },
  { cli: 27, minor: 13 },
] as const;

/** The first docker command that reads a file without a version; before, it counts as version 1. */
const WITHOUT_VERSION = 23;

/** The version of docker in what a package, an engine or `docker --version` calls it; undefined for none in it. */
export function cliVersion(text: string): number | undefined {
  const [, major, minor] = /(\d+)\.(\d+)/.exec(text) ?? [];
  if (major === undefined) return undefined;
  // Of the versions before 23, only 20.10 runs here.
  return Number(major) < 23 ? Number(`${major}.${minor}`) : Number(major);
}

/**
 * Why a docker command can't read a file of this version; undefined when it can.
 *
 * @param version as the Compose file claims it; undefined for none
 * @param cli from `cliVersion`
 */
export function tooOldFor(version: string | undefined, cli: number): string | undefined {
  const known = NEWEST.findLast((one) => cli >= one.cli)?.minor ?? 8;
  const needed = neededBy(version);
  if (needed === undefined || cli >= needed) return undefined;
  const claimed = version === undefined || version === '' ? 'without a version' : `of version ${version}`;
  return `docker ${cli === 20.1 ? '20.10' : cli} can't read a Compose file ${claimed}: it reads 3.0 to 3.${known}`;
}

/** Whether every docker command that swarmup supports reads a file of this version. */
export function isReadByAll(version: string | undefined): boolean {
  return neededBy(version) === undefined;
}

/** The first docker command that reads a file of this version; undefined when all do that swarmup supports. */
function neededBy(version: string | undefined): number | undefined {
  if (version === undefined || version === '') return WITHOUT_VERSION;
  const minor = Number(/^3\.(\d+)$/.exec(version)?.[1] ?? 0);
  const first = NEWEST.find((one) => one.minor >= minor);
  return first === NEWEST[0] ? undefined : first?.cli;
}

/** The version of a manager's docker command, which may differ from its engine's. */
export async function dockerOn(manager: Host, signal: AbortSignal): Promise<number | undefined> {
  const { stdout } = await manager.run(['docker', '--version'], { signal });
  return cliVersion(stdout);
}
