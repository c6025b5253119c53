import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { Secret } from '../util/secret.ts';
import type { Path } from './locate.ts';
import type { Grant, NetworkSpec, ObjectSpec, ServiceSpec } from './model.ts';
import { expectedOneOf } from '../util/nearest-name.ts';
import { convertCheck } from './published.ts';
import type { Reporter } from './reporter.ts';
import type { ClusterFile } from './schema.ts';

/** Names of secrets and configs have at most 64 characters. Source: swarmkit, manager/controlapi. */
const LONGEST_NAME = 64;
const HASH_DIGITS = 12;

export function convertNetworks(file: ClusterFile): NetworkSpec[] {
  return Object.entries(file.networks).map(([name, { subnet, ...network }]) => ({
    name,
    ...network,
    ...(subnet === undefined ? {} : { subnet }),
  }));
}

/** Secrets and configs with their content. */
export async function convertObjects(file: ClusterFile, reporter: Reporter): Promise<ObjectSpec[]> {
  const of = (kind: ObjectSpec['kind']) =>
    Object.entries(file[`${kind}s`]).map(async ([name, one]): Promise<ObjectSpec> => {
      if (one.external) return { kind, name, fullName: name };
      const data =
        one.file === undefined
          ? Buffer.from(one.value ?? '')
          : await contentOf(one.file, [`${kind}s`, name, 'file'], reporter);
      return { kind, name, fullName: fullName(file.name, name, data), data: new Secret(data.toString('base64')) };
    });
  return Promise.all([...of('secret'), ...of('config')]);
}

async function contentOf(path: string, place: Path, reporter: Reporter): Promise<Buffer> {
  const file = reporter.file(path, place);
  return existsSync(file) ? readFile(file) : Buffer.alloc(0);
}

/**
 * The name of a secret or config in the swarm. Swarm can't change either, so new content gets a new name. The cluster's
 * name goes into the hash, so that equal names don't reveal equal contents.
 */
function fullName(cluster: string, name: string, data: Buffer): string {
  const hash = createHash('sha256').update(`${cluster}\0${name}\0`).update(data).digest('hex').slice(0, HASH_DIGITS);
  return `${name.slice(0, LONGEST_NAME - HASH_DIGITS - 1)}-${hash}`;
}

interface Known {
  readonly networks: readonly NetworkSpec[];
  readonly objects: readonly ObjectSpec[];
}

/** A service, with every name it refers to resolved. */
export function convertService(
  name: string,
  file: ClusterFile['services'][string],
  known: Known,
  reporter: Reporter,
): ServiceSpec {
  const { verify, replicas = 1, secrets = [], configs = [], networks = [], ...service } = file;
  const place = ['services', name];
  // Ports in host mode answer only on nodes with a task: on all nodes when every node has one.
  const everywhere = service.ports.filter(({ mode }) => mode === 'ingress' || service.mode === 'global');
  const check = convertCheck(verify, everywhere, [...place, 'verify'], reporter);
  networks.forEach((one, i) => {
    const wanted = typeof one === 'string' ? one : one.name;
    const names = known.networks.map((network) => network.name);
    if (!names.includes(wanted)) unknown('network', wanted, names, [...place, 'networks', i], reporter);
  });
  return {
    ...service,
    name,
    replicas,
    networks: file.networks && networks.map((one) => (typeof one === 'string' ? { name: one, aliases: [] } : one)),
    secrets: file.secrets && grants('secret', secrets, known, [...place, 'secrets'], reporter),
    configs: file.configs && grants('config', configs, known, [...place, 'configs'], reporter),
    ...(check ? { verify: check } : {}),
  };
}

type FileGrant = NonNullable<ClusterFile['services'][string]['secrets']>[number];

function grants(
  kind: ObjectSpec['kind'],
  list: readonly FileGrant[],
  { objects }: Known,
  place: Path,
  reporter: Reporter,
): Grant[] {
  const ofKind = objects.filter((one) => one.kind === kind);
  return list.flatMap((one, i): Grant[] => {
    const { source, ...rest } =
      typeof one === 'string' ? { source: one, target: undefined, uid: '0', gid: '0', mode: 0o444 } : one;
    const object = ofKind.find(({ name }) => name === source);
    if (!object) {
      const names = ofKind.map(({ name }) => name);
      unknown(kind, source, names, [...place, i], reporter);
      return [];
    }
    return [{ ...rest, name: object.fullName, target: rest.target ?? (kind === 'secret' ? source : `/${source}`) }];
  });
}

function unknown(kind: string, name: string, valid: readonly string[], place: Path, reporter: Reporter): void {
  const hint = valid.length > 0 ? expectedOneOf(name, valid) : `expected it under ${kind}s, at the top of the file`;
  reporter.wrong(place, `there is no ${kind} '${name}'`, hint);
}
