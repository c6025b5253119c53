/** One service of a stack, by what it tries. Names are used by one of them only, as all are deployed together. */
export interface Trial {
  /** The lines of the service, but its image. */
  readonly lines: string;
  /** What it needs of each section, as entries of a map. */
  readonly sections?: Readonly<Record<string, string>>;
  /** The files that it refers to, by their kinds and paths. */
  readonly references?: readonly (readonly ['env_file' | 'secret' | 'config', string])[];
}

function service(lines: string, sections: Trial['sections'] = {}, references: Trial['references'] = []): Trial {
  return { lines, sections, references };
}

/** The variables that are set when they are deployed. */
export const ENVIRONMENT = { SET: 'of $here\n', QUOTED: `"quoted" 'twice'\n$x \`y\` \\`, DASHED: '-n ' };

/** Settings that Docker converts for the Engine API. */
export const TRIALS: Readonly<Record<string, Trial>> = {
  'command and entrypoint as texts': service('command: sh -c "echo $$HOME" a\\ b\nentrypoint: /x y'),
  'command and entrypoint as lists': service('command: [a, "", b c]\nentrypoint: ["/x"]'),
  'environment as a map': service('environment: { A: 1, B: "", C: , D: "true", E: 1.50 }'),
  'environment as a list, one without a value': service('environment: [Z=1, A=2, B, "C=a=b"]'),
  'environment from this environment': service('environment: [SET]'),
  'labels on service and containers': service('labels: [a=b, c]\ndeploy: { labels: { d: "", e: 1 } }'),
  'hostname, user, folder, terminal': service(
    'hostname: h\nuser: "1000:1000"\nworking_dir: /w\ntty: true\nstdin_open: true\nread_only: true',
  ),
  'init, on': service('init: true'),
  'init, off': service('init: false'),
  'stop signal and grace period': service('stop_signal: SIGQUIT\nstop_grace_period: 1m30s500ms'),
  'a grace period of zero': service('stop_grace_period: 0s'),
  'dns and search domains': service('dns: 1.1.1.1\ndns_search: [a.test, b.test]'),
  'hosts as a list': service('extra_hosts: ["a:1.2.3.4", "b:::1", "c=[::1]"]'),
  'hosts as a map': service('extra_hosts: { b: 1.2.3.4, a: "::1" }'),
  capabilities: service('cap_add: [net_admin, CAP_SYS_TIME, NET_ADMIN]\ncap_drop: [ALL, chown]'),
  'a capability added and dropped': service('cap_add: [CHOWN, net_raw]\ncap_drop: [chown, KILL]'),
  'all capabilities': service('cap_add: [ALL, chown]'),
  'sysctls as a map': service('sysctls: { net.core.somaxconn: 1024, net.ipv4.ip_forward: "" }'),
  'sysctls as a list': service('sysctls: [net.core.somaxconn=1]'),
  ulimits: service('ulimits: { nproc: 65535, nofile: { soft: 1, hard: 2 }, core: 0 }'),
  'isolation and a place among those killed first': service('isolation: hyperv\noom_score_adj: -500'),
  logging: service('logging: { driver: json-file, options: { max-size: 10m, max-file: 3 } }'),
  'logging with options only': service('logging: { options: { a: b } }'),
  'a health check as a text': service(
    'healthcheck: { test: curl -f x || exit 1, interval: 1m, timeout: 10s, retries: 3, start_period: 40s, start_interval: 5s }',
  ),
  'a health check as a list': service('healthcheck: { test: [CMD, a, "b c"] }'),
  'no health check': service('healthcheck: { disable: true }'),
  'a health check of NONE': service('healthcheck: { test: [NONE] }'),
  'ports in the short form': service(
    'ports: ["80", "8080:80", "127.0.0.1:1:2", "9000-9002:90-92", "53:53/udp", "53:53/tcp", "5:6/sctp", 7]',
  ),
  'ports in the long form': service('ports: [{ target: 80 }, { target: 1, published: 2, protocol: udp, mode: host }]'),
  'endpoint mode': service('deploy: { endpoint_mode: DNSRR }'),
  replicas: service('deploy: { replicas: 3 }'),
  'no replicas': service('deploy: { replicas: 0 }'),
  global: service('deploy: { mode: global }'),
  'a replicated job': service('deploy: { mode: replicated-job, replicas: 4 }'),
  'a global job': service('deploy: { mode: global-job }'),
  placement: service(
    'deploy: { placement: { constraints: ["node.role==manager", "node.labels.a != b"], preferences: [{ spread: node.labels.z }, { spread: node.id }], max_replicas_per_node: 2 } }',
  ),
  'limits and reservations': service(
    'deploy: { resources: { limits: { cpus: "0.25", memory: 50M, pids: 10 }, reservations: { cpus: "0.1", memory: 20m } } }',
  ),
  'processors as a fraction': service('deploy: { resources: { limits: { cpus: "1.123456789" } } }'),
  'generic resources': service(
    'deploy: { resources: { reservations: { generic_resources: [{ discrete_resource_spec: { kind: gpu, value: 2 } }] } } }',
  ),
  'empty limits': service('deploy: { resources: { limits: {}, reservations: {} } }'),
  'an update policy': service(
    'deploy: { update_config: { parallelism: 2, delay: 10s, failure_action: rollback, monitor: 60s, max_failure_ratio: 0.3, order: start-first } }',
  ),
  'an update of all tasks at once': service('deploy: { update_config: { parallelism: 0 } }'),
  'an update policy of defaults': service('deploy: { update_config: { order: stop-first } }'),
  'a rollback policy': service(
    'deploy: { rollback_config: { parallelism: 1, delay: 1h, failure_action: pause, order: stop-first } }',
  ),
  'a restart policy': service(
    'deploy: { restart_policy: { condition: on-failure, delay: 5s, max_attempts: 3, window: 120s } }',
  ),
  'a restart policy without attempts': service('deploy: { restart_policy: { condition: none, max_attempts: 0 } }'),
  'restart: always': service('restart: always'),
  'restart: unless-stopped': service('restart: unless-stopped'),
  'restart: on-failure with a number': service('restart: on-failure:5'),
  'restart: on-failure': service('restart: on-failure'),
  'restart: no': service('restart: "no"'),
  'a restart policy beside restart': service('restart: always\ndeploy: { restart_policy: { condition: none } }'),
  'an anonymous volume': service('volumes: [/data]'),
  'named volumes': service(
    'volumes: [a:/a, "b:/b:ro", "c:/c:nocopy", { type: volume, source: d, target: /d, volume: { nocopy: true, subpath: x } }]',
    {
      volumes:
        'a: , b: { driver: nfs, driver_opts: { o: x }, labels: { l: m } }, c: { external: true }, d: { name: "other" }',
    },
  ),
  'an external volume under another name': service('volumes: [e:/a]', { volumes: 'e: { external: true, name: n }' }),
  'binds: relative, absolute, of the home folder, above': service(
    'volumes: [./x:/a, "../y:/b:ro", /etc/hosts:/c, "~/z:/d", "./s:/e:rshared", { type: bind, source: ., target: /f, read_only: true, bind: { propagation: rslave } }]',
  ),
  'a temporary file system': service(
    'volumes: [{ type: tmpfs, target: /t, tmpfs: { size: 1000000 } }, { type: tmpfs, target: /u }]',
  ),
  'a pipe of Windows': service(
    'volumes: [{ type: npipe, source: "\\\\\\\\.\\\\pipe\\\\x", target: "\\\\\\\\.\\\\pipe\\\\x" }]',
  ),
  'a consistency': service('volumes: [{ type: bind, source: /a, target: /b, consistency: cached }]'),
  'a group of cluster volumes': service('volumes: [{ type: cluster, source: "group:g", target: /g }]'),
  'networks as a list': service('networks: [n, m]', { networks: 'n: , m: { driver: overlay, attachable: true }' }),
  'networks with aliases and driver options': service(
    'networks: { z: { aliases: [q, p], driver_opts: { o: v } }, o: , default: }',
    { networks: 'o: { name: named }, z: { external: true }, default: { driver_opts: { encrypted: "" } }' },
  ),
  'an external network under another name': service('networks: [p]', {
    networks: 'p: { external: true, name: t_public }',
  }),
  'the host’s network': service('networks: [h]', { networks: 'h: { external: true, name: host }' }),
  'networks that no service uses': service('networks: [n]', { networks: 'unused: , outside: { external: true }' }),
  'secrets in both forms': service(
    'secrets: [s, { source: t, target: /run/x, uid: "1", gid: "2", mode: 0400 }, { source: s, target: again }]',
    { secrets: 's: { external: true }, t: { external: true, name: n }' },
  ),
  'secrets and configs from files': service(
    'secrets: [f]\nconfigs: [c, { source: c, target: /etc/c, mode: 292 }, d]',
    {
      secrets: 'f: { file: ../s.txt }',
      configs: 'c: { file: ./c.txt, name: named, labels: [l] }, d: { file: d.txt, template_driver: golang }',
    },
    [
      ['secret', '../s.txt'],
      ['config', './c.txt'],
      ['config', 'd.txt'],
    ],
  ),
  'a secret of a driver': service('secrets: [v]', { secrets: 'v: { driver: vault, driver_opts: { p: q } }' }),
  'a credential specification from a config': service('credential_spec: { config: g }', {
    configs: 'g: { external: true }',
  }),
  'a credential specification from a file': service('credential_spec: { file: x.json }'),
  'a credential specification from the registry': service('credential_spec: { registry: y }'),
  'variables with values of any kind': service(
    'environment: { A: "${QUOTED}", B: "${B:-b}", C: "$$C", D: "${DASHED?needed}" }',
  ),
};
