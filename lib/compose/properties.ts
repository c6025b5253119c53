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
