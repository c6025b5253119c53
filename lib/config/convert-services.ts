import { createHash } from 'node:crypto';
import { Secret } from '../util/secret.ts';
import { contentsOf } from './contents.ts';
import { convertEnvironment } from './convert-environment.ts';
import { isNodesOwn } from './convert-networks.ts';
import type { Path } from './locate.ts';
import type { Grant, NetworkSpec, ObjectSpec, ServiceSpec } from './model.ts';
import { expectedOneOf } from '../util/nearest-name.ts';
import { convertChecks } from './published.ts';
import type { Reporter } from './reporter.ts';
import type { ClusterFile } from './schema.ts';

/** Names of secrets and configs have at most 64 characters. Source: swarmkit, manager/controlapi. */
const LONGEST_NAME = 64;
const HASH_DIGITS = 12;

/** Secrets and configs with their content. */
export async function convertObjects(file: ClusterFile, reporter: Reporter): Promise<ObjectSpec[]> {
  const of = (kind: ObjectSpec['kind']) =>
    Object.entries(file[`${kind}s`]).map(async ([name, one]): Promise<ObjectSpec> => {
      if (one.external) return { kind, name, fullName: name };
      const data =
        one.file === undefined
          ? Buffer.from(one.value ?? '')
          : await contentsOf(one.file, [`${kind}s`, name, 'file'], reporter);
      return { kind, name, fullName: fullName(file.name, name, data), data: new Secret(data.toString('base64')) };
    });
  return Promise.all([...of('secret'), ...of('config')]);
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

/** A service, with every name it refers to resolved, and the variables of its files. */
export async function convertService(
  name: string,
  file: ClusterFile['services'][string],
  known: Known,
  reporter: Reporter,
): Promise<ServiceSpec> {
  const { verify, replicas = 1, env, environment, envFile, credentialSpec, dependsOn: _later, ...service } = file;
  const place = ['services', name];
  const checks = convertChecks(verify, service.ports, [...place, 'verify'], reporter);
  const spec = credentialSpec?.config === undefined ? credentialSpec : { ...credentialSpec };
  if (spec?.config !== undefined)
    spec.config = named('config', spec.config, known, [...place, 'credentialSpec', 'config'], reporter)?.fullName;
  return {
    ...service,
    name,
    replicas,
    env: await convertEnvironment({ env, environment, envFile }, place, reporter),
    networks: attachments(file, known, [...place, 'networks'], reporter),
    secrets: grants('secret', file.secrets, known, [...place, 'secrets'], reporter),
    configs: grants('config', file.configs, known, [...place, 'configs'], reporter),
    ...(spec ? { credentialSpec: spec } : {}),
    ...(checks ? { verify: checks } : {}),
  };
}

function attachments(
  { networks }: ClusterFile['services'][string],
  known: Known,
  place: Path,
  reporter: Reporter,
): ServiceSpec['networks'] {
  const names = known.networks.map((network) => network.name);
  return networks?.map(({ entry, ...one }) => {
    if (!names.includes(one.name) && !isNodesOwn(one.name))
      unknown('network', one.name, names, [...place, entry], reporter);
    return one;
  });
}

type FileGrant = NonNullable<ClusterFile['services'][string]['secrets']>[number];

function grants(
  kind: ObjectSpec['kind'],
  list: readonly FileGrant[] | undefined,
  known: Known,
  place: Path,
  reporter: Reporter,
): Grant[] | undefined {
  return list?.flatMap((one, i): Grant[] => {
    const { source, ...rest } =
      typeof one === 'string' ? { source: one, target: undefined, uid: '0', gid: '0', mode: 0o444 } : one;
    const object = named(kind, source, known, [...place, i], reporter);
    if (!object) return [];
    return [{ ...rest, name: object.fullName, target: rest.target ?? (kind === 'secret' ? source : `/${source}`) }];
  });
}

/** A secret or a config of the file; an unknown one is reported. */
function named(
  kind: ObjectSpec['kind'],
  name: string,
  { objects }: Known,
  place: Path,
  reporter: Reporter,
): ObjectSpec | undefined {
  const ofKind = objects.filter((one) => one.kind === kind);
  const found = ofKind.find((one) => one.name === name);
  if (!found) {
    const names = ofKind.map((one) => one.name);
    unknown(kind, name, names, place, reporter);
  }
  return found;
}

function unknown(kind: string, name: string, valid: readonly string[], place: Path, reporter: Reporter): void {
  const hint = valid.length > 0 ? expectedOneOf(name, valid) : `expected it under ${kind}s, at the top of the file`;
  reporter.wrong(place, `there is no ${kind} '${name}'`, hint);
}
