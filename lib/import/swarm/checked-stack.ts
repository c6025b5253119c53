import { join } from 'node:path';
import { parseCluster } from '../../config/load.ts';
import type { ProviderRegistry } from '../../config/parse-options.ts';
import type { Change } from '../../contracts/change.ts';
import type { SwarmService } from '../../contracts/swarm-types.ts';
import type { Names } from '../../swarm/fields/field.ts';
import { changesIn } from '../../swarm/stack-drift.ts';
import { staleServices } from '../../swarm/stale-services.ts';
import { objectNames } from '../../swarm/stack.ts';
import { hasCode, messageOf } from '../../util/errors.ts';
import { clusterText } from '../cluster-text.ts';

/** A swarm as it was found. */
export interface Found {
  readonly services: readonly SwarmService[];
  readonly names: Names;
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
  { services, names, env, providers }: Found,
): Promise<string | undefined> {
  const text = clusterText({
    name: 'check',
    provider: { type: 'hosts' },
    nodes: [{ name: 'manager', role: 'manager', address: '192.0.2.1' }],
    stacks: { [name]: { file } },
    notes: [],
  });
  try {
    const place = { file: join(folder, 'swarmup.yaml'), shown: 'the imported stack', stateRoot: '/swarmup-import' };
    const cluster = await parseCluster(text, { ...place, env, providers });
    const [stack] = cluster.stacks;
    if (!stack) return 'it has no services';
    const running = { services, additions: [], names };
    const objects = objectNames(cluster);
    const changes = changesIn(stack, running, objects, true);
    if (changes.length > 0) return `its services differ from what its file says: ${listed(changes)}`;
    const stale = staleServices(stack, running, objects);
    return stale.length > 0 ? `swarmup keeps these services where they are: ${stale.join(', ')}` : undefined;
  } catch (error) {
    if (hasCode(error, 'CONFIG_INVALID')) return messageOf(error).split('\n')[0];
    throw error;
  }
}

/** The settings in which services differ, each once: web: image, ports. */
function listed(changes: readonly Change[]): string {
  const byService = Map.groupBy(changes, ({ path: [, , service = ''] }) => service);
  return [...byService]
    .map(([service, own]) => `${service} (${[...new Set(own.map(({ path }) => path[3]))].join(', ')})`)
    .join(', ');
}
