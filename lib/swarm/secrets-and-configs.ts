import { isNodesOwn } from '../config/convert-networks.ts';
import type { ObjectSpec, ServiceSpec } from '../config/model.ts';
import type { Engine } from '../contracts/engine.ts';
import { listServices } from './read.ts';
import type { Labels } from './labels.ts';
import { NO_NAMES, type Names } from './fields/field.ts';
import { listNetworks, nodesOwnNetworks } from './networks.ts';

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

/** The names and IDs of everything that services' specifications refer to. @param nodesOwn networks of the nodes themselves */
export async function namesOf(manager: Engine, nodesOwn: readonly string[] = []): Promise<Names> {
  const [overlays, own, objects] = await Promise.all([
    listNetworks(manager),
    nodesOwnNetworks(manager, nodesOwn),
    listObjects(manager),
  ]);
  return {
    networks: new Map([...overlays, ...own].map(({ id, name }) => [id, name])),
    objects: new Map(objects.map(({ id, kind, name }) => [`${kind} ${name}`, id])),
  };
}

/** The names and IDs of what a service refers to; empty if it refers to nothing by ID. */
export async function namesFor(manager: Engine, service: ServiceSpec): Promise<Names> {
  const { networks = [], secrets = [], configs = [], credentialSpec } = service;
  if (networks.length + secrets.length + configs.length === 0 && credentialSpec?.config === undefined) return NO_NAMES;
  return namesOf(manager, networks.map(({ name }) => name).filter(isNodesOwn));
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
