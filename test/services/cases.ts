/**
 * What Docker's client can say about services, networks and swarms, and the same in a cluster file. One list for all
 * tests: the requests of both are compared, every option of the client and every key of a service has to occur, and
 * every key is set, applied again and reset.
 */

export interface Case {
  /** The keys of the cluster file that it is about. */
  readonly keys: readonly string[];
  readonly argv: readonly string[];
  /** The service, network or swarm in the cluster file, without what every one has. */
  readonly file: string;
  /** The same case, told apart from others about the same keys. */
  readonly note?: string;
}

/** A case's name in titles and in recorded.json. */
export const nameOf = ({ keys, note }: Case): string => `${keys.join(', ')}${note === undefined ? '' : `: ${note}`}`;

/** What the cluster file of every case has besides the service. */
export const TOP = `networks: { back: { external: true }, front: { external: true } }
secrets: { key: { external: true }, cert: { external: true } }
configs: { motd: { external: true }, cred: { external: true } }
`;

/** Files that clients and swarmup read, in the folder of the cluster file. */
export const FILES: Readonly<Record<string, string>> = {
  'one.env': '# a comment\nA=from file\nB=1\nFROM_OUTSIDE\nNOT_SET\n',
  'two.env': 'B=2\n C=3 \nQUOTED="x"\n',
  'ca.pem': '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n',
};

/** Variables that clients and swarmup find in their environment. */
export const ENVIRONMENT = { FROM_OUTSIDE: 'here' };

const one = (keys: string | readonly string[], argv: readonly string[], file: string, note?: string): Case => ({
  keys: typeof keys === 'string' ? [keys] : keys,
  argv,
  file,
  ...(note === undefined ? {} : { note }),
});

/** `docker service create OPTIONS nginx ARG...`: the words after IMAGE are those of `command`. */
export const SERVICES: readonly Case[] = [
  one('image', [], ''),
  one('command', ['IMAGE', 'sh', '-c', 'echo "a b"'], `command: [sh, -c, 'echo "a b"']`),
  one('command', ['IMAGE', 'sleep', '3600'], 'command: [sleep, 3600]', 'a number'),
  one('command', ['IMAGE', 'sh', '-c', 'echo $HOME'], `command: "sh -c 'echo $$HOME'"`, 'a line'),
  one('entrypoint', ['--entrypoint', 'sh -c "a b" c\\ d'], `entrypoint: 'sh -c "a b" c\\ d'`),
  one('replicas', ['--replicas', '5'], 'replicas: 5'),
  one('mode', ['--mode', 'global'], 'mode: global', 'global'),
  one('mode', ['--mode', 'replicated-job'], 'mode: replicated-job', 'replicated-job'),
  one('mode', ['--mode', 'global-job'], 'mode: global-job', 'global-job'),
  one('total', ['--mode', 'replicated-job', '--replicas', '6'], 'mode: replicated-job, total: 6'),
  one(
    'concurrent',
    ['--mode', 'replicated-job', '--replicas', '6', '--max-concurrent', '2'],
    'mode: replicated-job, total: 6, concurrent: 2',
  ),
  one('maxReplicasPerNode', ['--replicas-max-per-node', '2'], 'maxReplicasPerNode: 2'),
  one('env', ['--env', 'A=1', '--env', 'B=', '--env', 'C=x=y'], "env: { A: 1, B: '', C: x=y }"),
  one(
    'env',
    ['--env', 'A=1', '--env', 'FROM_OUTSIDE', '--env', 'NOT_SET'],
    'env: [A=1, FROM_OUTSIDE, NOT_SET]',
    'a list',
  ),
  one('environment', ['--env', 'A=007', '--env', 'NOT_SET'], 'environment: { A: 007, NOT_SET: null }'),
  one(
    'envFile',
    ['--env-file', 'one.env', '--env-file', 'two.env', '--env', 'A=own'],
    'envFile: [one.env, two.env], env: { A: own }',
  ),
  one('user', ['--user', '1000:1000'], "user: '1000:1000'"),
  one('groups', ['--group', 'audio', '--group', '44'], 'groups: [audio, 44]'),
  one('workingDir', ['--workdir', '/srv'], 'workingDir: /srv'),
  one('hostname', ['--hostname', '{{.Node.Hostname}}'], "hostname: '{{.Node.Hostname}}'"),
  one('init', ['--init'], 'init: true'),
  one('tty', ['--tty'], 'tty: true'),
  one('readOnly', ['--read-only'], 'readOnly: true'),
  one('stopSignal', ['--stop-signal', 'SIGQUIT'], 'stopSignal: SIGQUIT'),
  one('stopGracePeriod', ['--stop-grace-period', '1m30s'], 'stopGracePeriod: 1m30s'),
  one('labels', ['--label', 'a=b', '--label', 'c', '--label', 'd=e=f'], 'labels: [a=b, c, d=e=f]'),
  one('containerLabels', ['--container-label', 'a=1'], 'containerLabels: { a: 1 }'),
  one('ports', ['--publish', '80:8080', '--publish', '53:53/udp'], "ports: ['80:8080', '53:53/udp']"),
  one('ports', ['--publish', '80', '--publish', '90-92'], "ports: [80, '90-92']", 'chosen by Swarm'),
  one('ports', ['--publish', '8000-8002:80-82'], "ports: ['8000-8002:80-82']", 'ranges'),
  one('ports', ['--publish', '8000-8002:80/SCTP'], "ports: ['8000-8002:80/SCTP']", 'a range for one target'),
  one(
    'ports',
    ['--publish', 'mode=host,target=81,published=8081,protocol=sctp', '--publish', 'target=82'],
    'ports: [{ target: 81, published: 8081, protocol: sctp, mode: host }, { target: 82 }]',
    'in parts',
  ),
  one(
    'endpointMode',
    ['--endpoint-mode', 'dnsrr', '--publish', 'mode=host,target=81,published=8081'],
    'endpointMode: dnsrr, ports: [{ target: 81, published: 8081, mode: host }]',
  ),
  one('networks', ['--network', 'back', '--network', 'front'], 'networks: [back, front]'),
  one(
    'networks',
    ['--network', 'name=back,alias=a,alias=b,driver-opt=x=y'],
    'networks: [{ name: back, aliases: [a, b], driverOptions: { x: y } }]',
    'in parts',
  ),
  one(
    'networks',
    ['--network', 'name=back,alias=a', '--network', 'front'],
    'networks: { back: { aliases: [a] }, front: null }',
    'a map',
  ),
  one('networks', ['--network', 'host'], 'networks: [host]', "the node's"),
  one(
    'mounts',
    ['--mount', 'source=data,target=/data', '--mount', 'target=/anonymous'],
    "mounts: ['data:/data', '/anonymous']",
  ),
  one(
    'mounts',
    [
      '--mount',
      'type=bind,source=/a,target=/a,readonly,bind-propagation=rslave',
      '--mount',
      'type=bind,source=/b,target=/b,bind-recursive=disabled',
      '--mount',
      'type=bind,source=/c,target=/c,readonly,bind-recursive=writable',
      '--mount',
      'type=bind,source=/d,target=/d,readonly,bind-propagation=rprivate,bind-recursive=readonly',
    ],
    `mounts: ['/a:/a:ro,rslave', { type: bind, source: /b, target: /b, recursive: disabled },
      { type: bind, source: /c, target: /c, readOnly: true, recursive: writable },
      { type: bind, source: /d, target: /d, readOnly: true, propagation: rprivate, recursive: readonly }]`,
    'bind',
  ),
  one(
    'mounts',
    [
      '--mount',
      'type=volume,source=vol,target=/v,volume-driver=local,volume-opt=type=nfs,volume-opt=device=:/x,volume-label=a=b,volume-nocopy,volume-subpath=sub',
    ],
    `mounts: [{ type: volume, source: vol, target: /v, driver: local, options: { type: nfs, device: ':/x' }, labels: [a=b], noCopy: true, subpath: sub }]`,
    'volume',
  ),
  one(
    'mounts',
    ['--mount', 'type=tmpfs,target=/t,tmpfs-size=16m,tmpfs-mode=1770'],
    'mounts: [{ type: tmpfs, target: /t, size: 16m, mode: 01770 }]',
    'tmpfs',
  ),
  one(
    'mounts',
    [
      '--mount',
      'type=npipe,source=\\\\.\\pipe\\docker_engine,target=\\\\.\\pipe\\docker_engine',
      '--mount',
      'type=cluster,source=group:fast,target=/c',
      '--mount',
      'type=image,source=alpine:3,target=/i,image-subpath=etc',
    ],
    `mounts: ['\\\\.\\pipe\\docker_engine:\\\\.\\pipe\\docker_engine', { type: cluster, source: 'group:fast', target: /c },
      { type: image, source: 'alpine:3', target: /i, subpath: etc }]`,
    'other kinds',
  ),
  one(
    'secrets',
    ['--secret', 'key', '--secret', 'source=cert,target=/etc/cert,uid=1,gid=2,mode=0440'],
    'secrets: [key, { source: cert, target: /etc/cert, uid: 1, gid: 2, mode: 0440 }]',
  ),
  one(
    'configs',
    ['--config', 'source=motd,target=/etc/motd,mode=0400'],
    'configs: [{ source: motd, target: /etc/motd, mode: 0400 }]',
  ),
  one(
    'credentialSpec',
    ['--credential-spec', 'config://cred', '--config', 'source=motd,target=/motd'],
    'credentialSpec: { config: cred }, configs: [motd]',
  ),
  one('credentialSpec', ['--credential-spec', 'file://a.json'], 'credentialSpec: { file: a.json }', 'a file'),
  one('credentialSpec', ['--credential-spec', 'registry://a'], 'credentialSpec: { registry: a }', 'the registry'),
  one('constraints', ['--constraint', 'node.role==worker'], 'constraints: [node.role==worker]'),
  one(
    'preferences',
    ['--placement-pref', 'spread=node.labels.zone', '--placement-pref', 'spread=node.labels.rack'],
    'preferences: [node.labels.zone, spread=node.labels.rack]',
  ),
  one(
    'limits',
    ['--limit-cpu', '0.5', '--limit-memory', '64m', '--limit-pids', '100'],
    "limits: { cpus: '0.5', memory: 64m, pids: 100 }",
  ),
  one(
    'reservations',
    [
      '--reserve-cpu',
      '.25',
      '--reserve-memory',
      '1.5g',
      '--generic-resource',
      'gpu=2',
      '--generic-resource',
      'apple=1',
    ],
    'reservations: { cpus: 0.25, memory: 1.5GiB, genericResources: [gpu=2, apple=1] }',
  ),
  one('restart', ['--restart-condition', 'none'], 'restart: none'),
  one(
    'restart',
    [
      '--restart-condition',
      'on-failure',
      '--restart-delay',
      '500ms',
      '--restart-max-attempts',
      '3',
      '--restart-window',
      '1h',
    ],
    'restart: { condition: on-failure, delay: 500ms, maxAttempts: 3, window: 1h }',
    'in parts',
  ),
  one(
    'update',
    [
      '--update-parallelism',
      '2',
      '--update-delay',
      '10s',
      '--update-failure-action',
      'continue',
      '--update-monitor',
      '20s',
      '--update-max-failure-ratio',
      '0.25',
      '--update-order',
      'start-first',
    ],
    'update: { parallelism: 2, delay: 10s, onFailure: continue, monitor: 20s, maxFailureRatio: 0.25, order: start-first }',
  ),
  one(
    'rollback',
    [
      '--rollback-parallelism',
      '0',
      '--rollback-delay',
      '10us',
      '--rollback-failure-action',
      'continue',
      '--rollback-monitor',
      '20s',
      '--rollback-max-failure-ratio',
      '0.5',
      '--rollback-order',
      'start-first',
    ],
    'rollback: { parallelism: 0, delay: 10us, onFailure: continue, monitor: 20s, maxFailureRatio: 0.5, order: start-first }',
  ),
  one(
    'healthcheck',
    [
      '--health-cmd',
      'curl -f x',
      '--health-interval',
      '5s',
      '--health-timeout',
      '2s',
      '--health-retries',
      '4',
      '--health-start-period',
      '1m',
      '--health-start-interval',
      '1s',
    ],
    'healthcheck: { test: curl -f x, interval: 5s, timeout: 2s, retries: 4, startPeriod: 1m, startInterval: 1s }',
  ),
  one('healthcheck', ['--health-interval', '5s'], 'healthcheck: { interval: 5s }', "the image's own test"),
  one('healthcheck', ['--no-healthcheck'], 'healthcheck: none', 'none'),
  one(
    'capAdd',
    ['--cap-add', 'net_admin', '--cap-add', 'SYS_TIME', '--cap-add', 'CAP_NET_ADMIN'],
    'capAdd: [net_admin, SYS_TIME, CAP_NET_ADMIN]',
  ),
  one('capAdd', ['--cap-add', 'ALL', '--cap-add', 'SYS_TIME'], 'capAdd: [ALL, SYS_TIME]', 'all'),
  one(
    'capDrop',
    ['--cap-drop', 'NET_RAW', '--cap-drop', 'MKNOD', '--cap-add', 'MKNOD'],
    'capDrop: [NET_RAW, MKNOD], capAdd: [MKNOD]',
  ),
  one('sysctls', ['--sysctl', 'net.core.somaxconn=512'], 'sysctls: { net.core.somaxconn: 512 }'),
  one('sysctls', ['--sysctl', 'net.core.somaxconn=512'], 'sysctls: [net.core.somaxconn=512]', 'a list'),
  one(
    'ulimits',
    ['--ulimit', 'nofile=1024:2048', '--ulimit', 'nproc=5', '--ulimit', 'memlock=-1', '--ulimit', 'core=0:-1'],
    "ulimits: { nofile: '1024:2048', nproc: 5, memlock: { soft: -1, hard: -1 }, core: '0:-1' }",
  ),
  one('oomScoreAdj', ['--oom-score-adj', '-500'], 'oomScoreAdj: -500'),
  one('isolation', ['--isolation', 'process'], 'isolation: process'),
  one('dns', ['--dns', '10.0.2.3', '--dns', 'fd00::3'], "dns: [10.0.2.3, 'fd00::3']"),
  one('dnsSearch', ['--dns-search', 'example.org'], 'dnsSearch: example.org'),
  one('dnsOptions', ['--dns-option', 'ndots:2', '--dns-option', 'rotate'], "dnsOptions: ['ndots:2', rotate]"),
  one(
    'extraHosts',
    ['--host', 'a:10.0.0.9', '--host', 'b=[fd00::9]', '--host', 'c:host-gateway', '--host', 'd:::1'],
    "extraHosts: ['a:10.0.0.9', 'b=[fd00::9]', 'c:host-gateway', 'd:::1']",
  ),
  one(
    'extraHosts',
    ['--host', 'a:10.0.0.9', '--host', 'a:10.0.0.10', '--host', 'b:fd00::9'],
    "extraHosts: { a: [10.0.0.9, 10.0.0.10], b: 'fd00::9' }",
    'a map',
  ),
  one(
    'logging',
    ['--log-driver', 'json-file', '--log-opt', 'max-size=1m', '--log-opt', 'max-file=3'],
    'logging: { driver: json-file, options: { max-size: 1m, max-file: 3 } }',
  ),
];

/** `docker network create --driver overlay OPTIONS back` */
export const NETWORKS: readonly Case[] = [
  one('external', [], ''),
  one('attachable', ['--attachable'], 'attachable: true'),
  one('encrypted', ['--opt', 'encrypted'], 'encrypted: true'),
  one('internal', ['--internal'], 'internal: true'),
  one('ingress', ['--ingress'], 'ingress: true'),
  one(
    ['driver', 'scope', 'configFrom'],
    ['--driver', 'macvlan', '--scope', 'swarm', '--config-from', 'lan'],
    'driver: macvlan, scope: swarm, configFrom: lan',
  ),
  one(
    ['mtu', 'options'],
    ['--opt', 'com.docker.network.driver.mtu=1400', '--opt', 'x=y'],
    'mtu: 1400, options: { x: y }',
  ),
  one('labels', ['--label', 'a=b'], 'labels: { a: b }'),
  one(
    ['subnet', 'gateway', 'ipRange', 'auxAddresses'],
    [
      '--subnet',
      '10.1.0.0/24',
      '--gateway',
      '10.1.0.1',
      '--ip-range',
      '10.1.0.128/25',
      '--aux-address',
      'router=10.1.0.2',
    ],
    'subnet: 10.1.0.0/24, gateway: 10.1.0.1, ipRange: 10.1.0.128/25, auxAddresses: { router: 10.1.0.2 }',
  ),
  one(
    ['subnets', 'ipv6', 'ipv4'],
    ['--ipv4', '--ipv6', '--subnet', '10.1.0.0/24', '--subnet', 'fd00:1::/64', '--gateway', 'fd00:1::1'],
    "ipv4: true, ipv6: true, subnets: [10.1.0.0/24, { subnet: 'fd00:1::/64', gateway: 'fd00:1::1' }]",
  ),
  one(
    ['ipamDriver', 'ipamOptions'],
    ['--ipam-driver', 'other', '--ipam-opt', 'a=b'],
    'ipamDriver: other, ipamOptions: { a: b }',
  ),
];

/** `docker swarm init --advertise-addr 10.0.0.1 OPTIONS`; the option of `availability` is a node's in the file. */
export const SWARMS: readonly Case[] = [
  one('listen', ['--listen-addr', 'eth0:2378'], "listen: 'eth0:2378'"),
  one('listen', ['--listen-addr', '10.0.0.1'], 'listen: 10.0.0.1', 'without a port'),
  one('dataPathAddress', ['--data-path-addr', 'eth1'], 'dataPathAddress: eth1'),
  one('dataPathPort', ['--data-path-port', '5000'], 'dataPathPort: 5000'),
  one(
    ['addressPool', 'subnetSize'],
    ['--default-addr-pool', '10.200.0.0/16', '--default-addr-pool-mask-length', '26'],
    'addressPool: [10.200.0.0/16], subnetSize: 26',
  ),
  one('autolock', ['--autolock'], 'autolock: true'),
  one('heartbeat', ['--dispatcher-heartbeat', '10s'], 'heartbeat: 10s'),
  one('certificateExpiry', ['--cert-expiry', '720h'], 'certificateExpiry: 720h'),
  one('taskHistory', ['--task-history-limit', '-1'], 'taskHistory: -1'),
  one(
    'externalCA',
    [
      '--external-ca',
      'protocol=cfssl,url=https://ca.example.org/sign,cacert=ca.pem,key=value',
      '--external-ca',
      'protocol=cfssl,url=https://other.example.org',
    ],
    `externalCA: [{ url: 'https://ca.example.org/sign', ca: ca.pem, options: { key: value } }, { url: 'https://other.example.org' }]`,
  ),
  one(
    ['snapshotInterval', 'keepOldSnapshots'],
    ['--snapshot-interval', '500', '--max-snapshots', '2'],
    'snapshotInterval: 500, keepOldSnapshots: 2',
  ),
];
