import type { ObjectSpec } from '../config/model.ts';
import type { Engine } from '../contracts/engine.ts';
import { listServices } from './read.ts';
import type { Labels } from './labels.ts';
import type { Names } from './fields/field.ts';

/** On a secret or a config: its name in the cluster file, which its name in the swarm begins with. */
export const OBJECT_LABEL = 'swarmup.object';

/** A secret or a config in the swarm. */
export interface SwarmObject {
  readonly id: string;
  readonly kind: ObjectSpec['kind'];
  readonly name: string;
  readonly labels: Labels;
  /** The specification from the managers: a config's includes its content, a secret's doesn't. */
  readonly spec: unknown;
}

/** An overlay network in the swarm. */
export interface SwarmNetwork {
  readonly id: string;
  readonly name: string;
  readonly attachable: boolean;
  readonly encrypted: boolean;
  readonly internal: boolean;
  readonly subnets: readonly string[];
  readonly labels: Labels;
  /** Whether the managers have chosen its driver, options and subnets, which takes them a moment. */
  readonly settled: boolean;
}

interface Listed {
  readonly ID: string;
  readonly Spec?: { readonly Name?: string | undefined; readonly Labels?: Labels | null | undefined } | undefined;
}

/** All secrets and configs. Source: GET /secrets, GET /configs. */
export async function listObjects(manager: Engine): Promise<readonly SwarmObject[]> {
  const [secrets, configs] = await Promise.all([
    manager.call('list the secrets', (docker): Promise<readonly Listed[]> => docker.listSecrets()),
    manager.call('list the configs', (docker): Promise<readonly Listed[]> => docker.listConfigs()),
  ]);
  const of = (kind: ObjectSpec['kind'], list: readonly Listed[]) =>
    list.map(({ ID, Spec }) => ({ id: ID, kind, name: Spec?.Name ?? '', labels: Spec?.Labels ?? {}, spec: Spec }));
  return [...of('secret', secrets), ...of('config', configs)];
}

interface ListedNetwork {
  readonly Id: string;
  readonly Name: string;
  readonly Scope: string;
  readonly Driver?: string;
  readonly Attachable?: boolean;
  readonly Internal?: boolean;
  readonly Options?: Readonly<Record<string, string>> | null | undefined;
  readonly IPAM?:
    { readonly Config?: readonly { readonly Subnet?: string | undefined }[] | null | undefined } | undefined;
  readonly Labels?: Labels | null | undefined;
}

/** The overlay networks of the swarm. Source: GET /networks. */
export async function listOverlays(manager: Engine): Promise<readonly SwarmNetwork[]> {
  const networks = await manager.call('list the networks', (docker): Promise<readonly ListedNetwork[]> =>
    // Not by their driver, which the managers set a moment after creating a network.
    docker.listNetworks({ filters: JSON.stringify({ scope: ['swarm'] }) }),
  );
  return networks
    .filter(({ Scope }) => Scope === 'swarm')
    .map(({ Id, Name, Driver = '', Attachable = false, Internal = false, Options, IPAM, Labels: labels }) => ({
      id: Id,
      name: Name,
      attachable: Attachable,
      encrypted: Options?.['encrypted'] !== undefined,
      internal: Internal,
      subnets: (IPAM?.Config ?? []).flatMap(({ Subnet }) => Subnet ?? []),
      labels: labels ?? {},
      settled: Driver !== '',
    }));
}

/** The names of objects to which services' specifications refer by ID. */
export async function namesOf(manager: Engine): Promise<Names> {
  const [networks, objects] = await Promise.all([listOverlays(manager), listObjects(manager)]);
  return {
    networks: new Map(networks.map(({ id, name }) => [id, name])),
    objects: new Map(objects.map(({ id, kind, name }) => [`${kind} ${name}`, id])),
  };
}

/**
 * The IDs of all objects that services refer to, now or before their last update: a roll-back needs them.
 *
 * A service's specification is searched as a whole: stacks' services name their objects in the same places.
 */
export async function referencedIds(manager: Engine): Promise<ReadonlySet<string>> {
  const services = await listServices(manager);
  const text = JSON.stringify(services);
  return new Set([...text.matchAll(/"(?:SecretID|ConfigID|Target)":"([^"]+)"/g)].map(([, id]) => id ?? ''));
}
