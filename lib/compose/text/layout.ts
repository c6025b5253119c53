/** The order in which Docker prints the keys of its structures; the keys of mappings are sorted. */
export type Layout = StructLayout | MapLayout | undefined;

export interface StructLayout {
  readonly is: 'struct';
  readonly keys: readonly string[];
  readonly of: Readonly<Record<string, Layout>>;
}

/** A mapping or a list, with the layout of its values. */
export interface MapLayout {
  readonly is: 'each';
  readonly of: Layout;
}

const struct = (keys: string, of: Readonly<Record<string, Layout>> = {}): StructLayout => ({
  is: 'struct',
  keys: keys.split(' '),
  of,
});
const each = (of: Layout): MapLayout => ({ is: 'each', of });

const update = struct('parallelism delay failure_action monitor max_failure_ratio order');
const reference = each(struct('source target uid gid mode'));

const deploy = struct(
  'mode replicas labels update_config rollback_config resources restart_policy placement endpoint_mode',
  {
    update_config: update,
    rollback_config: update,
    resources: struct('limits reservations', {
      limits: struct('cpus memory pids'),
      reservations: struct('cpus memory generic_resources', {
        generic_resources: each(struct('discrete_resource_spec', { discrete_resource_spec: struct('kind value') })),
      }),
    }),
    restart_policy: struct('condition delay max_attempts window'),
    placement: struct('constraints preferences max_replicas_per_node'),
  },
);

const SERVICE_KEYS = [
  'build cap_add cap_drop cgroupns_mode cgroup_parent command configs container_name credential_spec depends_on deploy',
  'devices dns dns_search domainname entrypoint environment env_file expose external_links extra_hosts hostname',
  'healthcheck image init ipc isolation labels links logging mac_address network_mode networks pid ports privileged',
  'read_only restart secrets security_opt shm_size stdin_open stop_grace_period stop_signal sysctls tmpfs tty ulimits',
  'user userns_mode volumes working_dir',
].join(' ');

const service = struct(SERVICE_KEYS, {
  build: struct('context dockerfile args labels cache_from extra_hosts network target'),
  configs: reference,
  credential_spec: struct('config file registry'),
  deploy,
  healthcheck: struct('test timeout interval retries start_period start_interval disable'),
  logging: struct('driver options'),
  networks: each(struct('aliases driver_opts ipv4_address ipv6_address')),
  ports: each(struct('mode target published protocol')),
  secrets: reference,
  ulimits: each(struct('soft hard')),
  volumes: each(
    struct('type source target read_only consistency bind volume image tmpfs cluster', {
      volume: struct('nocopy subpath'),
    }),
  ),
});

const fileObject = each(struct('name file external labels driver driver_opts template_driver'));

const clusterVolume = struct('group access_mode accessibility_requirements capacity_range secrets availability', {
  access_mode: struct('scope sharing mount_volume block_volume', { mount_volume: struct('fs_type mount_flags') }),
  accessibility_requirements: struct('requisite preferred'),
  capacity_range: struct('required_bytes limit_bytes'),
  secrets: each(struct('key secret')),
});

export const COMPOSE: Layout = struct('version services networks volumes secrets configs', {
  services: each(service),
  networks: each(
    struct('name driver driver_opts ipam external internal attachable labels', { ipam: struct('driver config') }),
  ),
  volumes: each(struct('name driver driver_opts external labels x-cluster-spec', { 'x-cluster-spec': clusterVolume })),
  secrets: fileObject,
  configs: fileObject,
});
