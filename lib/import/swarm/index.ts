import type { ProviderRegistry } from '../../config/parse-options.ts';
import type { Engine } from '../../contracts/engine.ts';
import type { SwarmService } from '../../contracts/swarm-types.ts';
import { localSwarm } from '../../swarm/local-state.ts';
import { listNodes, listServices } from '../../swarm/read.ts';
import { listNetworks } from '../../swarm/networks.ts';
import { readSwarm } from '../../swarm/settings.ts';
import type { WrittenCluster } from '../cluster-text.ts';
import { checkService, type Checked } from './checked.ts';
import type { Found } from './checked-stack.ts';
import { stackFile, stackOf, type StackFile } from './compose.ts';
import { allNames } from './names.ts';
import { oldestDocker, writtenNodes } from './nodes.ts';
import { externals, referencesOf, serviceFile } from './service-file.ts';
import { writtenSettings } from './settings.ts';
import { Variables } from './variables.ts';

/** The login settings that are the same for all nodes. */
export interface Access {
  readonly user?: string | undefined;
  readonly port?: number | undefined;
  readonly identityFile?: string | undefined;
  readonly bastion?: string | undefined;
  readonly sshConfig?: string | undefined;
}

export interface SwarmImport {
  /** The cluster's name in the file. */
  readonly name: string;
  /** How to log in to the nodes. */
  readonly provider: WrittenCluster['provider'];
  /** What the user named the manager. */
  readonly address?: string;
  readonly providers: ProviderRegistry;
}

export interface ImportedSwarm {
  readonly cluster: WrittenCluster;
  /** The swarm's stacks, whose services the cluster file has not among its own. */
  readonly stacks: readonly StackFile[];
  /** Everything that runs, as it was found. */
  readonly found: Found;
}

/**
 * An existing swarm as a cluster file for which `plan` shows no changes: its nodes, settings and services, and what the
 * services refer to. What a cluster file can't say is left unchanged, and noted. Each stack becomes a Compose file.
 */
export async function fromSwarm(
  manager: Engine,
  { name, provider, address, providers }: SwarmImport,
): Promise<ImportedSwarm> {
  const [nodes, all, networks, state, local] = await Promise.all([
    listNodes(manager),
    listServices(manager),
    listNetworks(manager),
    readSwarm(manager),
    localSwarm(manager),
  ]);
  const services = all.toSorted(byName);
  const names = await allNames(manager, services, networks);
  const plain = services.filter((service) => stackOf(service) === undefined);
  const checked: Checked[] = [];
  for (const service of plain)
    checked.push(await checkService(service, serviceFile(service, names), { names, providers }));
  const said = checked.filter((one) => 'file' in one);
  const variables = new Variables();
  const settings = writtenSettings(state);
  const written = writtenNodes(nodes, { nodeId: local.nodeId, address });
  const file = Object.fromEntries(
    said.map(({ service: { Spec }, file: own }) => [Spec.Name, variables.hide(Spec.Name, own)]),
  );
  const cli = oldestDocker(nodes);
  const stacks = stacksOf(services).map(([stack, members]) =>
    stackFile(stack, members, { names, networks, cli }, variables),
  );
  const cluster = {
    name,
    provider,
    nodes: written.nodes,
    swarm: settings.swarm,
    ...externals(referencesOf(said.map((one) => one.file))),
    services: file,
    notes: [
      `The swarm of the manager ${address ?? manager.node}, as it was found. 'swarmup plan' shows no changes.`,
      ...written.notes,
      ...settings.notes,
      ...checked.flatMap(noteOn),
      ...(variables.names.length > 0
        ? [`Set these in the environment, as their values are not in the files: ${variables.names.join(', ')}.`]
        : []),
    ],
  };
  return { cluster, stacks, found: { services, names, cli, env: variables.values, providers } };
}

function stacksOf(services: readonly SwarmService[]): readonly (readonly [string, readonly SwarmService[]])[] {
  const byStack = Map.groupBy(services, (service) => stackOf(service) ?? '');
  byStack.delete('');
  return [...byStack];
}

function byName(one: SwarmService, other: SwarmService): number {
  return one.Spec.Name.localeCompare(other.Spec.Name);
}

function noteOn(one: Checked): string[] {
  const { Name } = one.service.Spec;
  if ('reason' in one) return [`Left unchanged, and not in this file: service ${Name} (${one.reason}).`];
  if (one.omitted.length === 0) return [];
  return [`Left unchanged, as a cluster file can't say it: ${one.omitted.join(', ')} of service ${Name}.`];
}
