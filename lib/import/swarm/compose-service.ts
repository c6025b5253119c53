import { text } from '../../swarm/fields/field.ts';
import { isObject } from '../../swarm/semantic-equal.ts';
import { omitUndefined } from '../../util/omit-undefined.ts';
import type { ServiceFile } from './service-file.ts';

/** A service of a Compose file. */
export type ComposeService = Readonly<Record<string, unknown>>;

/** How a key of a cluster file is written in a Compose file. */
interface Place {
  readonly path: readonly string[];
  readonly form?: (value: unknown) => unknown;
}

const at = (...path: readonly string[]): Place => ({ path });
const as = (form: (value: unknown) => unknown, ...path: readonly string[]): Place => ({ path, form });

const objectOf = (value: unknown): Readonly<Record<string, unknown>> => (isObject(value) ? value : {});
const listOf = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : []);

/** camelCase as snake_case, in an object's own keys. */
function snaked(value: unknown): unknown {
  const entries = Object.entries(objectOf(value));
  return Object.fromEntries(entries.map(([key, one]) => [key.replace(/[A-Z]/g, (c) => `_${c.toLowerCase()}`), one]));
}

/** Docker's parser of Compose files takes processors as a text. */
function resources(value: unknown): unknown {
  const { cpus, genericResources, ...rest } = objectOf(value);
  const generic = Object.entries(objectOf(genericResources)).map(([kind, count]) => ({
    discrete_resource_spec: { kind, value: count },
  }));
  return omitUndefined({
    cpus: cpus === undefined ? undefined : text(cpus),
    ...rest,
    generic_resources: generic.length > 0 ? generic : undefined,
  });
}

function policy(value: unknown): unknown {
  const { onFailure, ...rest } = objectOf(value);
  return omitUndefined({ ...objectOf(snaked(rest)), failure_action: onFailure });
}

function mount(value: unknown): unknown {
  const { type, source, target, readOnly, noCopy, subpath, propagation, size, mode } = objectOf(value);
  const group = (parts: Record<string, unknown>) =>
    Object.values(parts).every((one) => one === undefined) ? undefined : omitUndefined(parts);
  return omitUndefined({
    type,
    source,
    target,
    read_only: readOnly,
    bind: group({ propagation }),
    volume: group({ nocopy: noCopy, subpath }),
    tmpfs: group({ size: bytesOf(size), mode }),
  });
}

/** The size of a tmpfs, which Compose files have in bytes. */
function bytesOf(size: unknown): number | undefined {
  const [, count, unit = ''] = /^(\d+)([KMG]?)/.exec(text(size ?? '')) ?? [];
  return count === undefined ? undefined : Number(count) * 1024 ** ' KMG'.indexOf(unit || ' ');
}

/** Networks as a map, as their aliases need. */
function networks(value: unknown): unknown {
  return Object.fromEntries(
    listOf(value).map((one): [string, unknown] => {
      if (!isObject(one)) return [String(one), {}];
      const { name, aliases, driverOptions } = one;
      return [String(name), omitUndefined({ aliases, driver_opts: driverOptions })];
    }),
  );
}

function hosts(value: unknown): unknown {
  return Object.entries(objectOf(value)).flatMap(([name, addresses]) =>
    [addresses].flat().map((address) => `${name}:${String(address)}`),
  );
}

const healthcheck = (value: unknown): unknown => (value === 'none' ? { disable: true } : snaked(value));

/** Every key of a service that a Compose file has too, and its place there. Source: docker/cli, cli/compose/types. */
const PLACES: Readonly<Record<string, Place>> = {
  image: at('image'),
  command: at('command'),
  entrypoint: at('entrypoint'),
  env: at('environment'),
  user: at('user'),
  workingDir: at('working_dir'),
  hostname: at('hostname'),
  init: at('init'),
  tty: at('tty'),
  readOnly: at('read_only'),
  stopSignal: at('stop_signal'),
  stopGracePeriod: at('stop_grace_period'),
  containerLabels: at('labels'),
  ports: at('ports'),
  networks: as(networks, 'networks'),
  mounts: as((value) => listOf(value).map(mount), 'volumes'),
  secrets: at('secrets'),
  configs: at('configs'),
  credentialSpec: at('credential_spec'),
  capAdd: at('cap_add'),
  capDrop: at('cap_drop'),
  sysctls: at('sysctls'),
  ulimits: at('ulimits'),
  oomScoreAdj: at('oom_score_adj'),
  isolation: at('isolation'),
  dns: at('dns'),
  dnsSearch: at('dns_search'),
  extraHosts: as(hosts, 'extra_hosts'),
  logging: at('logging'),
  healthcheck: as(healthcheck, 'healthcheck'),
  mode: at('deploy', 'mode'),
  replicas: at('deploy', 'replicas'),
  total: at('deploy', 'replicas'),
  labels: at('deploy', 'labels'),
  endpointMode: at('deploy', 'endpoint_mode'),
  constraints: at('deploy', 'placement', 'constraints'),
  preferences: as((value) => listOf(value).map((spread) => ({ spread })), 'deploy', 'placement', 'preferences'),
  maxReplicasPerNode: at('deploy', 'placement', 'max_replicas_per_node'),
  limits: as(resources, 'deploy', 'resources', 'limits'),
  reservations: as(resources, 'deploy', 'resources', 'reservations'),
  restart: as(snaked, 'deploy', 'restart_policy'),
  update: as(policy, 'deploy', 'update_config'),
  rollback: as(policy, 'deploy', 'rollback_config'),
};

/** A service in the words of a Compose file, and the keys for which it has none. */
export function composeService(file: ServiceFile): {
  readonly service: ComposeService;
  readonly omitted: readonly string[];
} {
  const service: Record<string, unknown> = {};
  const omitted: string[] = [];
  for (const [key, value] of Object.entries(file)) {
    const place = Object.hasOwn(PLACES, key) ? PLACES[key] : undefined;
    if (place) put(service, place.path, place.form ? place.form(value) : value);
    // A job of a stack runs all its tasks at once.
    else if (key !== 'concurrent' || value !== file['total']) omitted.push(key);
  }
  return { service, omitted };
}

function put(into: Record<string, unknown>, [key = '', ...rest]: readonly string[], value: unknown): void {
  if (rest.length === 0) {
    into[key] = value;
    return;
  }
  const known = into[key];
  const inner: Record<string, unknown> = isObject(known) ? { ...known } : {};
  put(inner, rest, value);
  into[key] = inner;
}
