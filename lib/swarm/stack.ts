import { createHash } from 'node:crypto';
import type { ComposeFileObject } from '../compose/types.ts';
import type { Cluster, Drift, StackSpec } from '../config/model.ts';
import type { Secret } from '../util/secret.ts';
import type { SwarmNode, SwarmService } from '../contracts/swarm-types.ts';
import { NAMESPACE_LABEL } from './stack-spec/names.ts';

export { NAMESPACE_LABEL };

/** On every service of a stack that swarmup deployed: the hash of the stack. */
export const STACK_LABEL = 'swarmup.stack';
/** On a service that swarmup pins to one node: the node's ID. */
export const PINNED_LABEL = 'swarmup.pinned';

/** What swarmup adds to a service of a stack's file. */
export interface Addition {
  /** Its name in the file. */
  readonly service: string;
  /** The ID of the only node that it may run on. */
  readonly node?: string | undefined;
  readonly environment: Readonly<Record<string, Secret>>;
  /** How many tasks it has now, and keeps: somebody else scales it. */
  readonly replicas?: number;
}

/** Names in the swarm of the cluster file's own secrets and configs, by their names in the file. */
export interface ObjectNames {
  readonly secrets: ReadonlyMap<string, string>;
  readonly configs: ReadonlyMap<string, string>;
}

/** The cluster file's own secrets and configs: their names in the swarm depend on their content. */
export function objectNames({ objects }: Pick<Cluster, 'objects'>): ObjectNames {
  const of = (kind: 'secret' | 'config') =>
    new Map(objects.filter((one) => one.kind === kind).map(({ name, fullName }) => [name, fullName]));
  return { secrets: of('secret'), configs: of('config') };
}

type Section = Readonly<Record<string, ComposeFileObject>>;

/** External secrets or configs whose names are those of the cluster file, by their names in the swarm. */
export function renamed(section: Section, names: ReadonlyMap<string, string>): Section {
  return Object.fromEntries(
    Object.entries(section).map(([key, one]) => {
      const name = one.external ? names.get(one.name ?? key) : undefined;
      return [key, name === undefined ? one : { ...one, name }];
    }),
  );
}

/**
 * A hash of what a stack deploys: its files as Docker reads them, the contents of secrets and configs, and the images
 * that replace those in the files. Comments, order and notation don't count.
 */
export function stackHash({ compose, references, services }: StackSpec, objects: ObjectNames): string {
  const replaced = services.flatMap(({ name, image, imageReplaced }) => (imageReplaced ? [[name, image]] : []));
  // Contents instead of paths, which differ between computers.
  const contents = new Map(references.map(({ path, data }) => [path, digest(data.reveal())]));
  const hashed = (section: Section = {}, names: ReadonlyMap<string, string>) =>
    Object.entries(renamed(section, names)).map(([key, one]) => [
      key,
      one.file === undefined ? one : { ...one, file: contents.get(one.file) ?? one.file },
    ]);
  const deployed = {
    ...compose,
    secrets: Object.fromEntries(hashed(compose.secrets, objects.secrets)),
    configs: Object.fromEntries(hashed(compose.configs, objects.configs)),
  };
  return digest(JSON.stringify(ordered([deployed, replaced]))).slice(0, 16);
}

function digest(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

/** A copy in which all keys are sorted. */
function ordered(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(ordered);
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).toSorted(([one], [other]) => (one < other ? -1 : 1));
  return Object.fromEntries(entries.map(([key, inner]) => [key, ordered(inner)]));
}

/** What happens to a service that somebody edited or scaled. */
export function driftOf({ drift }: Pick<StackSpec, 'drift'>, service: string): Drift {
  return typeof drift === 'string' ? drift : (drift[service] ?? 'fix');
}

/** The node to which a service is pinned, if it can't run there now: no other node may take it over. */
export function awayWithItsNode({ Spec }: SwarmService, nodes: readonly SwarmNode[]): SwarmNode | undefined {
  const id = Spec.Labels?.[PINNED_LABEL];
  return nodes.find((node) => node.ID === id && (node.Status.State !== 'ready' || node.Spec.Availability === 'drain'));
}
