import * as fc from 'fast-check';
import { list, map, one, values, type Make, type Pool } from './random.ts';

/** Values that fit somewhere. */
export const ANY = values`
  ¦ a ¦ 1 ¦ 1.0 ¦ true ¦ yes ¦ null ¦ "x" ¦ 0777 ¦ 2001-01-01 ¦ [] ¦ {} ¦ [a] ¦ [a, a] ¦ [a=b, c]
  ¦ {a: b} ¦ {a: 1} ¦ {a: } ¦ [1] ¦ "\${P}" ¦ "\${UNSET:-1}" ¦ "\${UNSET}" ¦ 1e3 ¦ 0x10 ¦ "80:80" ¦ 10s
  ¦ [{}] ¦ [[]] ¦ {a: [b]} ¦ "$$x" ¦ "" ¦ [""] ¦ {a: true} ¦ {a: 1.5} ¦ {1: a} ¦ 18446744073709551615
  ¦ 'it''s' ¦ "a b" ¦ [null] ¦ .5 ¦ -1 ¦ {source: a} ¦ [{source: a}] ¦ "a:b" ¦ ["a:b"] ¦ ["a:b:ro"]
`;

const DURATIONS: Pool = [
  ['10s', '1m30s', '0s', '1.5h', '100ms', '-1s', '.5s', '2562047h', '1.h', '"0"', '+3us'],
  ['5', '1d', '1h1', '9999999h', '""', '"5"'],
];
const PORTS: Pool = [
  values`
  ¦ 80 ¦ "80" ¦ "80:80" ¦ "8000-8002:8000-8002" ¦ "8000-8002:80" ¦ "1.2.3.4:1:2" ¦ "[::1]:1:2"
  ¦ "80:80/udp" ¦ "80/SCTP" ¦ ":80" ¦ "1-2" ¦ "\${P}:80" ¦ {target: 80}
  ¦ {target: 80, published: "\${P}", mode: host} ¦ {published: 0} ¦ {target: 4294967376} ¦ "9-11:9-11"
  ¦ 22:22
`,
  [
    '"a:80"',
    '"80:80/x"',
    '"70000:80"',
    '"80:"',
    '80.5',
    '08',
    '{target: 1.0, x: 1}',
    '{target: "1"}',
    '"1-2:1-3"',
    '1:2:3:4',
  ],
];
const VOLUMES: Pool = [
  values`
  ¦ /a ¦ v:/a ¦ ./x:/a ¦ ../x:/b:ro ¦ "~/x:/c" ¦ v:/a:nocopy ¦ C:\\x:/a ¦ ".:/d" ¦ x ¦ v:/e:rshared,ro,rw
  ¦ {type: bind, source: ., target: /a} ¦ {type: volume} ¦ {type: tmpfs, target: /a, tmpfs: {size: 5}}
  ¦ ä:/x ¦ {type: bind, source: /a//b/, target: x} ¦ {type: volume, volume: {NoCopy: true}} ¦ "a:b:c"
  ¦ \\\\x:/a
`,
  ['"a::b"', '"a:b:c:d"', '""', '{type: bind, target: /a}', '{source: x}', '{type: bind, source: a, Target: x}'],
];

const duration = one(...DURATIONS);
const number = one(['1', '0', '2', '1e2', '"${P}"', '2.0'], ['"2"', '-1', '1.5', 'x', '"${UNSET:-x}"']);
const size = one(['1g', '512M', '1kb', '"1 g"', '1.5GiB', '"5"', '"0"', '".5m"', '1E', '"1."'].slice(0, 8), [
  '10X',
  '1e3',
  '-1m',
  '1',
]);
const update = map({
  parallelism: number,
  delay: duration,
  order: one(['start-first', 'stop-first'], ['first']),
  max_failure_ratio: one(['0.1', '1.0', '1', '0.123456789', '1e-9', '"${UNSET:-0.5}"'], ['x']),
  monitor: duration,
});
const text = one(
  ['a', '"a b"', '"${P}"', '""', "'x: y'", '"yes"', '"1"', '"#"', '"${UNSET-}"', '"é😀"'],
  ['1', 'true', '[]', '~', '2001-01-01'],
);
const texts = list([
  ['a', 'b', '"c=d"', '"${P}"', '"e f"', '""'],
  ['1', 'true'],
]);
const flag = one(['true', 'false', '"${UNSET:-yes}"', '"${UNSET:-Off}"'], ['yes', '"true"', '"${P}"', '1']);
const pairs: Make = fc.oneof(
  list([
    ['a', 'a=b', '"c=${P}"', '"d=e=f"', '"P"', 'EMPTY', '"EMPTY="'],
    ['1', '~'],
  ]),
  map({
    A: one(
      ['', '""', 'x', '1', '1.50', '0o17', 'yes', '"${P}"', '1e20', '~', '2001-01-01', '1e-7'],
      ['true', '[]', '{}'],
    ),
    P: one(['', '""', 'x'], []),
    EMPTY: one(['', '""', 'x'], []),
    '"A B"': one(['x', "'a\n\n      b'", '"a\\nb"', '"a\\tb"', '" a"'], []),
  }),
);

/** The keys of services. */
export const KEYS: Readonly<Record<string, Make>> = {
  command: one(
    ['"a b"', '"a \'b c\' d"', '"a \\\\ b"', '[a, b]', '"#a"', '"a #b"', '"a#b"', '"\\"\\""', '"a\\nb"'],
    ['[1]', '"a \'b"'],
  ),
  environment: pairs,
  labels: pairs,
  ports: list(PORTS),
  volumes: list(VOLUMES),
  healthcheck: map({
    interval: duration,
    timeout: duration,
    start_period: duration,
    start_interval: duration,
    retries: one(['3', '1.5', '"${P}"', '0'], ['-1', 'x', '"3"']),
    disable: flag,
    test: one(['x y', '[CMD, x]', '[]', '[NONE]'], ['1', '[1]']),
  }),
  stop_grace_period: duration,
  extra_hosts: one(
    [
      '["a:1.2.3.4"]',
      '[a=b]',
      '["a:[::1]"]',
      '{a: 1.2.3.4, b: "[::1]", c: }',
      '[a]',
      '{a: 1}',
      '{a: 1.5}',
      '["a:b=c"]',
    ],
    ['a', '[1]'],
  ),
  ulimits: map({
    nofile: one(['1', '0', '{soft: 1, hard: 2}', '"${P}"', '{soft: 0, hard: 0}'], ['{soft: 1}', '1.0', 'x']),
    nproc: one(['-1', '{soft: "${P}", hard: 2}'], ['~']),
    A1: one(['1', '~'], ['x']),
  }),
  networks: one(
    [
      '[n]',
      '[n, m]',
      '{n: }',
      '{n: {aliases: [a]}}',
      '{n: {ipv4_address: 1.2.3.4}}',
      '{n: {driver_opts: {a: 1}}, m: }',
    ],
    ['[n, n]', '{n: {x: 1}}', 'n'],
  ),
  secrets: list([
    [
      's',
      '{source: s}',
      '{source: s, mode: 0444}',
      '{source: s, mode: 4294967297}',
      '{Source: s}',
      '{x: 1}',
      '{source: t, uid: "1"}',
    ],
    ['1', '{source: s, mode: "1"}', '{uid: 1}', '{mode: -1}'],
  ]),
  deploy: map({
    replicas: number,
    mode: one(['global', 'replicated', 'x'], ['1']),
    labels: pairs,
    update_config: update,
    rollback_config: update,
    resources: map({
      limits: map({ cpus: one(['"0.5"', '"${P}"'], ['1']), memory: size, pids: number }),
      reservations: map({
        memory: size,
        generic_resources: one(['[{discrete_resource_spec: {kind: a, value: 1.5}}]', '[{}]'], ['[1]']),
      }),
    }),
    placement: map({
      constraints: texts,
      preferences: one(['[{spread: a}]', '[{}]'], ['[a]']),
      max_replicas_per_node: number,
    }),
    restart_policy: map({ condition: text, delay: duration, max_attempts: number, window: duration }),
    endpoint_mode: text,
  }),
  logging: one(
    ['{driver: a}', '{driver: a, options: {a: 1, b: x, c: }}', '{options: {a: b}}', '{}', '{driver: b, options: {}}'],
    ['{options: {a: true}}', '[]'],
  ),
  init: flag,
  tty: flag,
  read_only: flag,
  env_file: one(['[]'], ['none.env']),
  credential_spec: map({ file: text, registry: text, config: text }),
  sysctls: pairs,
  build: one(
    ['.', '{context: ., args: [A, B=1], x: 1}', '{args: {A: , B: 1}, labels: [a]}', '""', '{}', '{cache_from: [a]}'],
    ['1'],
  ),
  expose: list([['80', '"81"', '80.5', '1e3'], ['true']]),
  image: text,
  hostname: text,
  entrypoint: texts,
  cap_add: texts,
  dns: one(['a', '[a, b]', '[]'], ['1', '[a, a]']),
  tmpfs: one(['/a', '[/a, /b]'], ['{}']),
  oom_score_adj: one(['1', '-5', '"${P}"', '2.0'], ['"1"', '1.5']),
  'x-more': one(ANY),
};
/** Keys whose values are anything. */
export const OTHER = values`
  ¦ cap_drop ¦ devices ¦ dns_search ¦ domainname ¦ ipc ¦ isolation ¦ links ¦ mac_address ¦ user
  ¦ working_dir ¦ network_mode ¦ pid ¦ privileged ¦ restart ¦ security_opt ¦ shm_size ¦ stdin_open
  ¦ configs ¦ depends_on ¦ extends ¦ mem_limit ¦ bogus ¦ profiles ¦ container_name ¦ external_links
  ¦ cgroup_parent ¦ userns_mode
`;

const labelled = one(
  ['{labels: [a]}', '{labels: {a: 1}}', '{external: false, name: "${P}"}', '{x-a: 1}'],
  ['{labels: a}', '1'],
);
const external = one(
  [
    '{external: true}',
    '{external: {name: x}}',
    '{external: {}}',
    '{external: true, name: y, x-a: 1.0}',
    '{external: "${UNSET:-yes}"}',
  ],
  ['{name: y, external: {name: x}}', '{external: 1}'],
);
/** The top-level sections beside services. */
export const TOP: Readonly<Record<string, Make>> = {
  networks: map({
    n: external,
    m: one(
      [
        '',
        '{}',
        '{ipam: {config: [{subnet: a}]}, driver_opts: {a: 1, b: x}}',
        '{internal: true, attachable: "${UNSET:-on}"}',
      ],
      ['{driver: 1}'],
    ),
    o: labelled,
    '"n n"': one(['{driver: a, anything: 1}', ''], []),
  }),
  volumes: map({
    v: external,
    w: one(['', '{}', '{driver_opts: {a: 1}, x-a: 1}'], ['{external: true, driver: a}', '[]']),
    z: labelled,
  }),
  secrets: map({
    s: external,
    t: one(
      ['{file: ./a//b/}', '{driver: a}', '{}', '{external: {name: x, y: z}}'],
      ['', '{file: }', '{driver: a, file: b}'],
    ),
    z: labelled,
  }),
  configs: map({
    c: one(['{file: /a}', '{external: true, name: "${P}"}', '{template_driver: a, x-a: [1.0]}'], ['{driver: a}']),
  }),
  'x-top': one(ANY),
};
