import { join } from 'node:path';
import type { Cluster, StackSpec } from '../../config/model.ts';
import type { ProviderRegistry } from '../../config/parse-options.ts';
import type { Change } from '../../contracts/change.ts';
import type { SwarmService } from '../../contracts/swarm-types.ts';
import type { Names } from '../../swarm/fields/field.ts';
import { dueOf } from '../../swarm/stack-due.ts';
import { objectNames } from '../../swarm/stack.ts';
import { externalsOf, requireDeployable } from '../../swarm/stack-requirements.ts';
import { hasCode, SwarmupError } from '../../util/errors.ts';
import { readBack } from './read-back.ts';

/** A swarm as it was found. */
export interface Found {
  readonly services: readonly SwarmService[];
  readonly names: Names;
  /** The oldest docker command of its managers, from `cliVersion`. */
  readonly cli: number;
  /** The environment with the variables that the written files refer to. */
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly providers: ProviderRegistry;
}

/** A stack's Compose file, which lies beside the cluster file. */
export interface NamedStack {
  readonly name: string;
  readonly folder: string;
  /** The file's name in the folder. */
  readonly file: string;
}

/**
 * Reads a stack's Compose file, which has to exist, as a cluster file would, and compares it with what runs.
 *
 * @returns why a cluster file with this stack would change something, or couldn't be read; undefined if it changes nothing
 */
export async function reasonAgainst(
  { name, folder, file }: NamedStack,
  { services, names, cli, env, providers }: Found,
): Promise<string | undefined> {
  const place = { file: join(folder, 'swarmup.yaml'), shown: 'the imported stack' };
  const cluster = await readBack({ stacks: { [name]: { file } } }, { ...place, env, providers });
  if (cluster instanceof SwarmupError) return firstMistake(cluster);
  const [stack] = cluster.stacks;
  if (!stack) return 'it has no services';
  const refusal = refusalOf(stack, cluster, { names, cli });
  if (refusal !== undefined) return refusal;
  const { stale, drift } = dueOf(stack, { services, additions: [], names }, objectNames(cluster));
  if (drift.length > 0) return `its services differ from what its file says: ${listed(drift)}`;
  return stale.length > 0 ? `swarmup keeps these services where they are: ${stale.join(', ')}` : undefined;
}

/** Why the swarm's managers couldn't deploy a stack. */
function refusalOf(
  stack: StackSpec,
  cluster: Cluster,
  { names, cli }: Pick<Found, 'names' | 'cli'>,
): string | undefined {
  try {
    requireDeployable(stack, [], externalsOf(stack, cluster, names).missing, cli);
    return undefined;
  } catch (error) {
    if (hasCode(error, 'STACK_INVALID')) return firstMistake(error);
    throw error;
  }
}

/** The first place that an error names, or what it says where it names none. */
function firstMistake({ message }: SwarmupError): string {
  const [summary = '', mistake = summary] = message.split('\n\n');
  return mistake.split('\n')[0] ?? mistake;
}

/** The settings in which services differ, each once: web: image, ports. */
function listed(changes: readonly Change[]): string {
  const byService = Map.groupBy(changes, ({ path: [, , service = ''] }) => service);
  return [...byService]
    .map(([service, own]) => `${service} (${[...new Set(own.map(({ path }) => path[3]))].join(', ')})`)
    .join(', ');
}
