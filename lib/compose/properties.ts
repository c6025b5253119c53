import type { Path } from './yaml/read.ts';

/** Keys of services that a stack can't have. Source: docker/cli, cli/compose/types, ForbiddenProperties. */
const RESOURCES = 'expected deploy.resources';
const TOP_LEVEL = 'expected a top-level volume, mounted by each service that uses it';

export const FORBIDDEN: Readonly<Record<string, string>> = {
  extends: 'expected the keys themselves, a YAML anchor with <<, or a second file',
  volume_driver: 'expected a top-level volume with a driver',
  volumes_from: TOP_LEVEL,
  cpu_quota: RESOURCES,
  cpu_shares: RESOURCES,
  cpuset: RESOURCES,
  mem_limit: RESOURCES,
  memswap_limit: RESOURCES,
};

/** Keys that `docker stack deploy` ignores with a warning. Source: UnsupportedProperties, DeprecatedProperties. */
export const IGNORED: readonly string[] = [
  'build',
  'cgroupns_mode',
  'cgroup_parent',
  'container_name',
  'devices',
  'domainname',
  'expose',
  'external_links',
  'ipc',
  'links',
  'mac_address',
  'network_mode',
  'pid',
  'privileged',
  'restart',
  'security_opt',
  'shm_size',
  'userns_mode',
];

const NO_SUCH = 'Swarm has no such thing';
/** What to write for keys that Compose has and stacks don't, by where they stand: services.NAME is "services". */
const COMPOSE_ONLY: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  '': {
    name: "expected no name: a stack's name is its key under stacks of the cluster file",
    include: 'expected the included files in file of the stack, which may be a list',
    models: `expected no models: ${NO_SUCH}`,
  },
  services: {
    annotations: 'expected labels',
    cpus: 'expected deploy: { resources: { limits: { cpus: "0.5" } } }',
    develop: `expected no develop: ${NO_SUCH}`,
    dns_opt: 'expected it in a service of the cluster file, as dnsOptions',
    gpus: 'expected deploy: { resources: { reservations: { generic_resources: [...] } } }',
    group_add: 'expected it in a service of the cluster file, as groups',
    label_file: 'expected labels',
    mem_reservation: 'expected deploy: { resources: { reservations: { memory: 512M } } }',
    platform: 'expected deploy: { placement: { constraints: [node.platform.arch == x86_64] } }',
    profiles: 'expected a stack of its own for services that are only sometimes deployed',
    pull_policy: "expected resolveImage of the stack in the cluster file, or docker's default",
    runtime: "expected default-runtime in the nodes' daemon.json (docker.daemon)",
    scale: 'expected deploy: { replicas: 2 }',
  },
  'services.deploy.resources.reservations': { devices: 'expected generic_resources' },
  'services.ports': {
    host_ip: 'expected no address: Swarm publishes a port on every address of a node',
    name: 'expected no name of a port',
  },
  networks: { enable_ipv6: 'expected a network of the cluster file with ipv6: true, and external: true here' },
  'networks.ipam.config': {
    gateway: 'expected a network of the cluster file with a gateway, and external: true here',
    ip_range: 'expected a network of the cluster file with ipRange, and external: true here',
  },
  secrets: { environment: 'expected a secret of the cluster file with value: ${VARIABLE}, and external: true here' },
  configs: {
    content: 'expected a config of the cluster file with value, and external: true here; or a file',
    environment: 'expected a config of the cluster file with value: ${VARIABLE}, and external: true here',
  },
};

/** What to write for a key that only Compose has; undefined for any other. */
export function composeOnly(path: Path): string | undefined {
  const key = String(path.at(-1));
  const where = path.slice(0, -1).filter((part, i) => i !== 1 && typeof part !== 'number');
  const keys = COMPOSE_ONLY[where.join('.')];
  return keys && Object.hasOwn(keys, key) ? keys[key] : undefined;
}

/** What to write for a value of a form that only Compose has. */
export function composeForm(path: Path): string | undefined {
  const [section, , key, index, part] = path;
  if (section !== 'services') return undefined;
  if (key === 'depends_on' && path.length === 3)
    return 'expected a list of names; Swarm starts them in any order, but dependsOn in the cluster file has an order';
  if (key === 'env_file' && path.length <= 4) return 'expected a path, or a list of paths';
  if (key === 'ports' && typeof index === 'number' && part === 'published') return 'expected one number without quotes';
  return undefined;
}
