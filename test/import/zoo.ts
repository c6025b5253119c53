/** Specifications of services as the Engine API returns them, made at random from a seed. */

type Random = () => number;

/** A small generator of numbers from 0 to 1: the same seed gives the same numbers. Source: mulberry32. */
function randomFrom(seed: number): Random {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

const NS = 1e9;

/** Fields of a container, each with values that it may have. */
const CONTAINER: Readonly<Record<string, readonly unknown[]>> = {
  Args: [['sleep', '60'], ['-c', 'echo "$HOME" && exit'], ['']],
  Command: [['/bin/sh'], ['nginx', '-g', 'daemon off;']],
  Hostname: ['web-{{.Task.Slot}}'],
  User: ['1000', '1000:1000', 'www'],
  Dir: ['/srv'],
  Init: [true, false],
  ReadOnly: [true],
  TTY: [true],
  OpenStdin: [true],
  Groups: [['docker']],
  Privileges: [{ SELinuxContext: { Disable: true } }, { NoNewPrivileges: true }],
  StopSignal: ['SIGQUIT'],
  StopGracePeriod: [10 * NS, 90 * NS, 1.5 * NS, 250_000, 0],
  Labels: [{ a: 'b' }, { 'x.y/z': '$1 ${2} #3' }, { yes: 'no' }],
  Isolation: ['default', 'hyperv'],
  CapabilityAdd: [['CAP_NET_ADMIN'], ['ALL']],
  CapabilityDrop: [['CAP_MKNOD', 'CAP_CHOWN']],
  Sysctls: [{ 'net.core.somaxconn': '1024' }],
  Ulimits: [[{ Name: 'nofile', Hard: 4096, Soft: 1024 }], [{ Name: 'core', Hard: -1, Soft: -1 }]],
  OomScoreAdj: [-500],
  DNSConfig: [
    {},
    { Nameservers: ['192.0.2.53'] },
    { Nameservers: ['192.0.2.53'], Search: ['example.org'], Options: ['ndots:2'] },
  ],
  Hosts: [['192.0.2.5 db'], ['192.0.2.5 db', '192.0.2.6 db'], ['fd00::1 six']],
  Healthcheck: [
    { Test: ['CMD-SHELL', 'curl -f http://localhost/ || exit 1'], Interval: 10 * NS, Timeout: 2 * NS, Retries: 2 },
    { Test: ['CMD', 'true'] },
    { Test: ['NONE'] },
    { Test: ['CMD-SHELL', 'x'], Interval: 1_500_000_000, StartPeriod: 60 * NS, StartInterval: NS },
    { Interval: 5 * NS },
  ],
  Mounts: [
    [{ Type: 'volume', Source: 'data', Target: '/data' }],
    [{ Type: 'bind', Source: '/srv/www', Target: '/www', ReadOnly: true, BindOptions: { Propagation: 'rslave' } }],
    [{ Type: 'tmpfs', Target: '/run', TmpfsOptions: { SizeBytes: 67108864 } }],
    [{ Type: 'tmpfs', Target: '/run', TmpfsOptions: { SizeBytes: 1000, Mode: 0o1777 } }],
    [
      {
        Type: 'volume',
        Source: 'nfs',
        Target: '/nfs',
        VolumeOptions: { DriverConfig: { Name: 'local', Options: { type: 'nfs', o: 'addr=192.0.2.7,rw' } } },
      },
    ],
    [{ Type: 'volume', Source: 'xy', Target: '/x', VolumeOptions: { NoCopy: true, Labels: { a: 'b' } } }],
    [{ Type: 'volume', Target: '/anonymous' }],
    [{ Type: 'npipe', Source: '\\\\.\\pipe\\docker_engine', Target: '\\\\.\\pipe\\docker_engine' }],
  ],
  Env: [['A=1', 'B=', 'C=x=y'], ['EMPTY'], ['N=007', 'E=1e3', 'YES=yes', 'NULL=null', 'T= t '], ['M=a\nb', 'Q="\'`']],
};

/** Fields of a task besides its container. */
const TASK: Readonly<Record<string, readonly unknown[]>> = {
  Resources: [
    { Limits: { NanoCPUs: 500_000_000, MemoryBytes: 67108864 }, Reservations: { MemoryBytes: 33554432 } },
    { Limits: { Pids: 100, MemoryBytes: 100_000_001 } },
    { Reservations: { GenericResources: [{ DiscreteResourceSpec: { Kind: 'gpu', Value: 2 } }] } },
    {},
  ],
  RestartPolicy: [
    { Condition: 'any', Delay: 5 * NS, MaxAttempts: 0 },
    { Condition: 'on-failure', Delay: 0, MaxAttempts: 3, Window: 120 * NS },
    { Condition: 'none' },
  ],
  Placement: [
    { Constraints: ['node.role == worker'], Platforms: [{ Architecture: 'amd64', OS: 'linux' }] },
    { Constraints: ['node.labels.zone!=a'], Preferences: [{ Spread: { SpreadDescriptor: 'node.labels.zone' } }] },
    { MaxReplicas: 2 },
  ],
  LogDriver: [{ Name: 'json-file', Options: { 'max-size': '10m' } }, { Name: 'none' }],
  ForceUpdate: [0, 3],
};

const WHOLE: Readonly<Record<string, readonly unknown[]>> = {
  UpdateConfig: [
    { Parallelism: 1, FailureAction: 'pause', Monitor: 5 * NS, MaxFailureRatio: 0, Order: 'stop-first' },
    {
      Parallelism: 0,
      Delay: 10 * NS,
      FailureAction: 'continue',
      Monitor: 60 * NS,
      MaxFailureRatio: 0.2,
      Order: 'start-first',
    },
  ],
  RollbackConfig: [
    { Parallelism: 1, FailureAction: 'pause', Monitor: 5 * NS, MaxFailureRatio: 0, Order: 'stop-first' },
    { Parallelism: 2, FailureAction: 'continue', Monitor: 5 * NS, MaxFailureRatio: 0, Order: 'stop-first' },
  ],
  Labels: [{ team: 'a' }, { 'traefik.http.routers.x.rule': 'Host(`x.example.org`)' }],
};

const PORTS = [
  { Protocol: 'tcp', TargetPort: 80, PublishMode: 'ingress' },
  { Protocol: 'udp', TargetPort: 53, PublishMode: 'host' },
  { Protocol: 'sctp', TargetPort: 99, PublishMode: 'ingress' },
];

/** Takes some of the fields, each with one of its values. */
function some(random: Random, fields: Readonly<Record<string, readonly unknown[]>>, share: number): object {
  const chosen = Object.entries(fields).filter(() => random() < share);
  return Object.fromEntries(chosen.map(([key, values]) => [key, values[Math.floor(random() * values.length)]]));
}

/**
 * @param ids of the network back, the secrets key.pem and db-key and the config site, by kind and name
 */
export function randomServices(seed: number, count: number, ids: Readonly<Record<string, string>>): readonly object[] {
  const random = randomFrom(seed);
  const maybe = <T>(value: T, share = 0.2): T | undefined => (random() < share ? value : undefined);
  const file = (Name: string) => ({ Name, UID: '0', GID: '103', Mode: 0o440 });
  return Array.from({ length: count }, (_, i) => {
    const published = random() < 0.3 ? undefined : 8000 + i;
    const ports = PORTS.filter(() => random() < 0.25).map((port) => ({ ...port, PublishedPort: published }));
    const [secret] = ['key.pem', 'db-key'].filter(() => random() < 0.5);
    return {
      Name: random() < 0.1 ? `Odd_${i}` : `s${i}`,
      TaskTemplate: {
        ContainerSpec: {
          Image: ['nginx', 'nginx:1.27', `nginx:1.27@sha256:${'d'.repeat(64)}`][Math.floor(random() * 3)],
          ...some(random, CONTAINER, 0.15),
          Secrets: secret && [{ SecretID: ids[`secret ${secret}`], SecretName: secret, File: file(secret) }],
          Configs: maybe([{ ConfigID: ids['config site'], ConfigName: 'site', File: file('/etc/site.conf') }]),
        },
        Networks: maybe([{ Target: ids['network back'], Aliases: random() < 0.5 ? ['db'] : undefined }]),
        ...some(random, TASK, 0.25),
      },
      Mode: random() < 0.8 ? { Replicated: { Replicas: Math.floor(random() * 4) } } : { Global: {} },
      EndpointSpec: { Mode: 'vip', Ports: ports },
      ...some(random, WHOLE, 0.3),
    };
  });
}
