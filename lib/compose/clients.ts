/** How docker commands of several versions read Compose files. Source: docker/cli, cli/compose/schema, v20.10.0 to v29.7.2. */

interface Client {
  /** The first version, as `cliVersion` has it. */
  readonly cli: number;
  /** The newest version of the format that it reads, 3.N: also what it takes for the version of a file without one. */
  readonly newest: number;
  /** What it takes version 3 for: 3.N. */
  readonly three: number;
}

/** From the oldest. */
export const CLIENTS: readonly [Client, ...Client[]] = [
  { cli: 20.1, newest: 9, three: 0 },
  { cli: 23, newest: 10, three: 10 },
  { cli: 24, newest: 11, three: 11 },
  { cli: 25, newest: 12, three: 12 },
  { cli: 27, newest: 13, three: 13 },
];

/** The first docker command that reads a file without a version; before, it counts as version 1. */
export const WITHOUT_VERSION = 23;

/**
 * The first docker command that reads YAML with gopkg.in/yaml.v3. Before, it was yaml.v2: more words are booleans, and
 * merged keys win over those that are written before them.
 */
export const YAML_3 = 28;

/** The version of docker in what a package, an engine or `docker --version` calls it; undefined for none in it. */
export function cliVersion(text: string): number | undefined {
  const [, major, minor] = /(\d+)\.(\d+)/.exec(text) ?? [];
  if (major === undefined) return undefined;
  // Of the versions before 23, only 20.10 runs here.
  return Number(major) < 23 ? Number(`${major}.${minor}`) : Number(major);
}

/** A version from `cliVersion` as users know it. */
export function cliName(cli: number): string {
  return cli < 23 ? cli.toFixed(2) : String(cli);
}
