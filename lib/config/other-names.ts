import type { Path } from './locate.ts';

/** The keys of Compose files, and of docker's options, that have another name or place in a cluster file. */
const OF_A_SERVICE: Readonly<Record<string, string>> = {
  annotations: 'labels or containerLabels',
  build: 'image, of an image that a registry has; or images.load',
  cap_add: 'capAdd',
  cap_drop: 'capDrop',
  container_name: 'hostname: names of containers belong to Swarm',
  cpus: 'limits: { cpus: 0.5 }',
  credential_spec: 'credentialSpec',
  depends_on: 'dependsOn',
  deploy: 'its keys beside image, such as mode, replicas, constraints, limits, restart and update',
  dns_opt: 'dnsOptions',
  dns_search: 'dnsSearch',
  endpoint_mode: 'endpointMode',
  env_file: 'envFile',
  expose: 'no such key: services of one network reach all ports of each other',
  extra_hosts: 'extraHosts',
  group_add: 'groups',
  links: 'networks: services of one network find each other by name',
  mem_limit: 'limits: { memory: 512MiB }',
  memory: 'limits: { memory: 512MiB }',
  network_mode: 'networks: [host]',
  oom_score_adj: 'oomScoreAdj',
  placement: 'constraints, preferences and maxReplicasPerNode beside image',
  read_only: 'readOnly',
  resources: 'limits and reservations beside image',
  restart_policy: 'restart',
  rollback_config: 'rollback',
  stop_grace_period: 'stopGracePeriod',
  stop_signal: 'stopSignal',
  tmpfs: 'mounts: [{ type: tmpfs, target: /run }]',
  update_config: 'update',
  volumes: 'mounts',
  working_dir: 'workingDir',
};

const OF_A_HEALTHCHECK: Readonly<Record<string, string>> = {
  disable: 'healthcheck: none',
  start_interval: 'startInterval',
  start_period: 'startPeriod',
};

const OF_A_NETWORK: Readonly<Record<string, string>> = {
  driver_opts: 'options',
  enable_ipv6: 'ipv6',
  ipam: 'subnet, gateway and ipRange; or subnets',
  name: 'the name as the key under networks',
};

const OF_A_STACK: Readonly<Record<string, string>> = {
  compose: 'file',
  depends_on: 'dependsOn',
  env_file: 'envFile',
  files: 'file, which may be a list',
};

const BY_SECTION: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  services: OF_A_SERVICE,
  'services healthcheck': OF_A_HEALTHCHECK,
  networks: OF_A_NETWORK,
  stacks: OF_A_STACK,
};

/** What to write for a key that Compose or docker has, as a hint; undefined for any other key. */
export function otherName([section, , ...inside]: Path, key: string): string | undefined {
  const names = BY_SECTION[[section, ...inside].join(' ')];
  return names && Object.hasOwn(names, key) ? `expected ${names[key]}` : undefined;
}
