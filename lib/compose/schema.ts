import {
  ANY,
  BOOLEAN,
  choice,
  DURATION,
  INTEGER,
  list,
  map,
  NUMBER,
  scalar,
  since,
  TEXT,
  versions,
  type Kind,
  type MapRule,
  type Rule,
} from './rules.ts';

/**
 * The Compose format 3.0 to 3.13 as Docker's CLI validates it. One table instead of a schema per version. Source:
 * docker/cli 28.2, cli/compose/schema/data.
 */

/** The newest minor version; it is that of files without a version, and of version 3. */
export const NEWEST = 13;

const texts = list(TEXT, true);
const textOrTexts = choice(TEXT, texts);
const words = choice(TEXT, list(TEXT));
const pairs = choice(map({}, { names: { pattern: /[^\n]/, of: scalar('text', 'number', 'nothing') } }), texts);
const options = (...kinds: readonly Kind[]) =>
  map({}, { names: { pattern: /^.+$/, of: scalar(...kinds) }, openSince: 0 });
const driverOptions = options('text', 'number');

const NAMES = /^[a-zA-Z0-9._-]+$/;
const named = (of: Rule, openSince?: number): MapRule =>
  map({}, { names: { pattern: NAMES, of }, ...(openSince === undefined ? {} : { openSince }) });

const openObject = (keys: MapRule['keys']) => map(keys, { openSince: 0 });

const build = choice(
  TEXT,
  map(
    {
      context: TEXT,
      dockerfile: TEXT,
      args: pairs,
      cache_from: since(2, texts),
      labels: since(3, pairs),
      network: since(4, TEXT),
      target: since(4, TEXT),
      shm_size: since(5, scalar('integer', 'text')),
      extra_hosts: since(9, pairs),
    },
    { openSince: 11 },
  ),
);

const fileReference = choice(TEXT, openObject({ source: TEXT, target: TEXT, uid: TEXT, gid: TEXT, mode: NUMBER }));

const healthcheck = map({
  disable: BOOLEAN,
  interval: versions({ 0: TEXT, 4: DURATION }),
  retries: NUMBER,
  test: words,
  timeout: versions({ 0: TEXT, 4: DURATION }),
  start_period: since(4, DURATION),
  start_interval: since(12, DURATION),
});

const updateConfig = (orderSince: number) =>
  map({
    parallelism: INTEGER,
    delay: DURATION,
    failure_action: TEXT,
    monitor: DURATION,
    max_failure_ratio: NUMBER,
    order: since(orderSince, { ...TEXT, words: ['start-first', 'stop-first'] }),
  });

const genericResources = list(map({ discrete_resource_spec: map({ kind: TEXT, value: NUMBER }) }));

const deploy = map(
  {
    mode: TEXT,
    endpoint_mode: since(2, TEXT),
    replicas: INTEGER,
    labels: pairs,
    rollback_config: since(7, updateConfig(7)),
    update_config: updateConfig(4),
    resources: map({
      limits: map({ cpus: TEXT, memory: TEXT, pids: since(9, INTEGER) }),
      reservations: map({ cpus: TEXT, memory: TEXT, generic_resources: since(5, genericResources) }),
    }),
    restart_policy: map({ condition: TEXT, delay: DURATION, max_attempts: INTEGER, window: DURATION }),
    placement: map({
      constraints: list(TEXT),
      preferences: since(3, list(map({ spread: TEXT }))),
      max_replicas_per_node: since(8, INTEGER),
    }),
  },
  { orNothing: true },
);

const port = (...forms: readonly Rule[]) =>
  list(choice({ ...NUMBER, format: 'ports' }, { ...TEXT, format: 'ports' }, ...forms), true);
const longPort = map({ mode: TEXT, target: INTEGER, published: INTEGER, protocol: TEXT });

const mount = map(
  {
    type: TEXT,
    source: TEXT,
    target: TEXT,
    read_only: BOOLEAN,
    consistency: TEXT,
    bind: openObject({ propagation: TEXT }),
    volume: openObject({ nocopy: BOOLEAN }),
    tmpfs: since(6, openObject({ size: { ...INTEGER, min: 0 } })),
  },
  { required: ['type'] },
);

const attachment = map(
  { aliases: texts, driver_opts: since(13, driverOptions), ipv4_address: TEXT, ipv6_address: TEXT },
  { orNothing: true },
);

const ulimits = map(
  {},
  {
    names: {
      pattern: /^[a-z]+$/,
      of: choice(INTEGER, map({ hard: INTEGER, soft: INTEGER }, { required: ['soft', 'hard'] })),
    },
    openSince: 0,
  },
);

const service = map(
  {
    deploy,
    build,
    cap_add: texts,
    cap_drop: texts,
    cgroupns_mode: since(9, TEXT),
    cgroup_parent: TEXT,
    command: words,
    configs: since(3, list(fileReference)),
    container_name: TEXT,
    credential_spec: since(3, map({ config: since(8, TEXT), file: TEXT, registry: TEXT })),
    depends_on: texts,
    devices: texts,
    dns: textOrTexts,
    dns_search: textOrTexts,
    domainname: TEXT,
    entrypoint: words,
    env_file: textOrTexts,
    environment: pairs,
    expose: list(scalar('text', 'number'), true),
    external_links: texts,
    extra_hosts: pairs,
    healthcheck,
    hostname: TEXT,
    image: TEXT,
    init: since(7, BOOLEAN),
    ipc: TEXT,
    isolation: since(5, TEXT),
    labels: pairs,
    links: texts,
    logging: map({ driver: TEXT, options: options('text', 'number', 'nothing') }),
    mac_address: TEXT,
    network_mode: TEXT,
    networks: choice(texts, named(attachment)),
    oom_score_adj: since(13, INTEGER),
    pid: scalar('text', 'nothing'),
    ports: versions({ 0: port(), 2: port(longPort) }),
    privileged: BOOLEAN,
    read_only: BOOLEAN,
    restart: TEXT,
    secrets: since(1, list(fileReference)),
    security_opt: texts,
    shm_size: scalar('number', 'text'),
    stdin_open: BOOLEAN,
    stop_grace_period: DURATION,
    stop_signal: TEXT,
    sysctls: pairs,
    tmpfs: textOrTexts,
    tty: BOOLEAN,
    ulimits,
    user: TEXT,
    userns_mode: TEXT,
    volumes: versions({ 0: texts, 2: list(choice(TEXT, mount)) }),
    working_dir: TEXT,
  },
  { extensionsSince: 7 },
);

/** `external: true`, or `external: { name: X }`. */
const external = (openSince?: number) =>
  choice(BOOLEAN, map({ name: TEXT }, openSince === undefined ? {} : { openSince }));

const network = map(
  {
    name: since(5, TEXT),
    driver: TEXT,
    driver_opts: driverOptions,
    ipam: map({ driver: TEXT, config: list(map({ subnet: TEXT })) }),
    external: external(),
    internal: BOOLEAN,
    attachable: since(2, BOOLEAN),
    labels: pairs,
  },
  { extensionsSince: 7, orNothing: true },
);

const topologies = list(openObject({ segments: pairs }));
const clusterVolume = openObject({
  group: TEXT,
  access_mode: openObject({
    scope: TEXT,
    sharing: TEXT,
    block_volume: openObject({}),
    mount_volume: openObject({ fs_type: TEXT, mount_flags: list(TEXT) }),
  }),
  accessibility_requirements: openObject({ requisite: topologies, preferred: topologies }),
  capacity_range: openObject({ required_bytes: TEXT, limit_bytes: TEXT }),
  availability: TEXT,
});

const volume = map(
  {
    name: since(4, TEXT),
    driver: TEXT,
    driver_opts: driverOptions,
    external: external(),
    labels: pairs,
    'x-cluster-spec': versions({ 7: ANY, 10: clusterVolume }),
  },
  { extensionsSince: 7, orNothing: true },
);

const fileObject = {
  name: since(5, TEXT),
  file: TEXT,
  external: external(0),
  labels: pairs,
  template_driver: since(8, TEXT),
};
const secret = map(
  { ...fileObject, driver: since(8, TEXT), driver_opts: since(8, driverOptions) },
  { extensionsSince: 7 },
);
const config = map(fileObject, { extensionsSince: 7 });

export const COMPOSE_FILE: MapRule = map(
  {
    version: TEXT,
    services: named(service),
    networks: named(network, 0),
    volumes: named(volume),
    secrets: since(1, named(secret)),
    configs: since(3, named(config)),
  },
  { extensionsSince: 4, required: ['version'], requiredUntil: 9 },
);
