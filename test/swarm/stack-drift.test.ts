import { describe, expect, it } from 'vitest';
import type { ComposeConfig, ComposeService } from '../../lib/compose/types.ts';
import { sentenceOf } from '../../lib/contracts/change-sentence.ts';
import type { SwarmService } from '../../lib/contracts/swarm-types.ts';
import { hasForeignImage, keptReplicas, stackDrift } from '../../lib/swarm/stack-drift.ts';
import { stackServiceSpec } from '../../lib/swarm/stack-spec/service.ts';
import { tagged } from '../../lib/util/image-reference.ts';
import { stackOf } from '../support/stacks.ts';

type Json = Record<string, unknown>;

const SERVICE: ComposeService = {
  image: 'nginx:1',
  command: ['a'],
  environment: { A: '1', B: null },
  labels: { l: 'm' },
  hostname: 'h',
  networks: { n: { aliases: ['q'] }, h: null },
  ports: [
    { target: 80, published: 8080, protocol: 'tcp', mode: 'ingress' },
    { target: 53, published: 53, protocol: 'udp', mode: 'host' },
  ],
  secrets: [{ source: 's' }],
  volumes: [
    { type: 'bind', source: '/x', target: '/a', read_only: true, bind: {} },
    { type: 'volume', source: 'v', target: '/b' },
  ],
  healthcheck: { test: ['CMD', 'a'] },
  deploy: {
    replicas: 2,
    labels: { d: 'e' },
    update_config: { parallelism: 1 },
    restart_policy: { condition: 'any', delay: '5s' },
    resources: { limits: { cpus: '0.5', memory: '1024' } },
    placement: { constraints: ['node.role == manager', 'node.labels.a == b'] },
  },
};

const config = (a: ComposeService): ComposeConfig => ({
  version: '3.13',
  services: { a },
  networks: { n: {}, h: { name: 'host', external: true } },
  volumes: { v: {} },
  secrets: { s: { external: true, name: 'k' } },
});

const names = {
  networks: new Map([
    ['id-n', 's_n'],
    ['id-default', 's_default'],
  ]),
  objects: new Map<string, string>(),
};

/** A service as an engine tells it: with IDs, digests, and what it fills in. Source: moby, daemon/cluster/convert. */
function running(service: ComposeService, change: (spec: Json, container: Json, task: Json) => void = () => undefined) {
  const spec = JSON.parse(JSON.stringify(stackServiceSpec('s', 'a', config(service)))) as Json;
  const task = spec['TaskTemplate'] as Json;
  const container = task['ContainerSpec'] as Json;
  container['Image'] = `${tagged(String(container['Image']))}@sha256:${'a'.repeat(64)}`;
  container['Isolation'] = 'default';
  container['Privileges'] = { CredentialSpec: null, SELinuxContext: null, NoNewPrivileges: false };
  for (const one of (container['Secrets'] ?? []) as Json[]) one['SecretID'] = 'id-k';
  for (const one of (container['Mounts'] ?? []) as Json[])
    if (one['Type'] === 'bind') one['BindOptions'] = { Propagation: 'rprivate' };
  const ids: Readonly<Record<string, string>> = {
    s_n: 'id-n',
    s_default: 'id-default',
    host: 'id-of-the-host-network',
  };
  for (const one of (task['Networks'] ?? []) as Json[]) one['Target'] = ids[String(one['Target'])];
  Object.assign(task, { ForceUpdate: 0, Runtime: 'container', Networks: (task['Networks'] as Json[]).toReversed() });
  (task['Placement'] as Json)['Platforms'] = [{ Architecture: 'amd64', OS: 'linux' }];
  const update = spec['UpdateConfig'] as Json | undefined;
  if (update) Object.assign(update, { FailureAction: 'pause', Order: 'stop-first' });
  const restart = task['RestartPolicy'] as Json | undefined;
  if (restart) restart['MaxAttempts'] ??= 0;
  const mode = spec['Mode'] as { Replicated?: Json };
  if (mode.Replicated) mode.Replicated['Replicas'] ??= 1;
  Object.assign(spec['EndpointSpec'] as Json, { Mode: 'vip' });
  change(spec, container, task);
  return [{ Spec: spec as unknown as SwarmService['Spec'] }];
}

const drift = (found: ReturnType<typeof running>, wanted = SERVICE) => stackDrift('s', config(wanted), found, names);

describe('a running service of a stack', () => {
  it('has no drift as an engine tells it', () => {
    expect(drift(running(SERVICE))).toEqual([]);
    const plain = { image: 'x' };
    expect(drift(running(plain), plain)).toEqual([]);
  });

  it('has no drift where its file says what swarmkit does without it', () => {
    const wanted = {
      image: 'x',
      deploy: {
        restart_policy: { condition: 'any', delay: '5s' },
        update_config: { parallelism: 1, monitor: '5s', order: 'stop-first', failure_action: 'pause' },
      },
    };
    const found = running(wanted, (spec, _container, task) => {
      task['RestartPolicy'] = {};
      spec['UpdateConfig'] = { Parallelism: 1 };
    });
    expect(drift(found, wanted)).toEqual([]);
    const slower = running(wanted, (_spec, _container, task) => (task['RestartPolicy'] = { Delay: 6e9 }));
    expect(drift(slower, wanted)).toMatchObject([{ path: ['stacks', 's', 'a', 'restart_policy'] }]);
  });

  it('has no drift while it doesn’t exist', () => expect(drift([])).toEqual([]));

  it.each<[string, (spec: Json, container: Json, task: Json) => void, object]>([
    [
      'scaled',
      (spec) => (spec['Mode'] = { Replicated: { Replicas: 5 } }),
      { path: ['stacks', 's', 'a', 'replicas'], from: 5, to: 2 },
    ],
    [
      'another image',
      (_, container) => (container['Image'] = `nginx:2@sha256:${'b'.repeat(64)}`),
      { path: ['stacks', 's', 'a', 'image'], from: 'nginx:2', to: 'nginx:1' },
    ],
    [
      'another constraint',
      (_s, _c, task) => (task['Placement'] = { Constraints: ['node.labels.a == b'] }),
      { from: ['node.labels.a == b'], to: ['node.role == manager', 'node.labels.a == b'] },
    ],
    [
      'a port removed',
      (spec) => (spec['EndpointSpec'] = { Ports: [{ TargetPort: 80, PublishedPort: 8080 }] }),
      { path: ['stacks', 's', 'a', 'ports'], from: ['8080:80'], to: ['53:53/udp (host)', '8080:80'] },
    ],
    ['another mount', (_, container) => (container['Mounts'] = []), { from: [], to: ['/x:/a:ro', 's_v:/b'] }],
    ['a limit', (_s, _c, task) => (task['Resources'] = {}), { to: { NanoCPUs: 5e8, MemoryBytes: 1024 } }],
    [
      'another network',
      (_s, _c, task) => (task['Networks'] = [{ Target: 'id-n', Aliases: ['a', 'q'] }]),
      { path: ['stacks', 's', 'a', 'networks'], from: ['s_n'], to: ['(predefined)', 's_n'] },
    ],
    ['init', (_, container) => (container['Init'] = false), { path: ['stacks', 's', 'a', 'init'], from: false }],
  ])('has drift with from and to: %s', (_title, change, expected) => {
    expect(drift(running(SERVICE, change))).toEqual([expect.objectContaining(expected)]);
  });

  it('never shows values that may be secret', () => {
    const changes = drift(
      running(SERVICE, (spec, container) => {
        container['Env'] = ['A=a secret', 'C=a secret'];
        container['Args'] = ['--password', 'a secret'];
        container['Healthcheck'] = { Test: ['CMD', 'a secret'] };
        container['Labels'] = { l: 'a secret' };
        spec['Labels'] = { more: 'a secret', 'swarmup.stack': 'x' };
      }),
    );
    expect(changes.map(sentenceOf)).toEqual([
      'stack s, service a: command',
      'stack s, service a: healthcheck',
      'stack s, service a: environment A',
      'stack s, service a: add environment B',
      'stack s, service a: remove environment C',
      'stack s, service a: labels l',
      'stack s, service a: add deploy.labels d',
      'stack s, service a: remove deploy.labels more',
    ]);
    expect(JSON.stringify(changes)).not.toContain('a secret');
  });
});

describe('the number of tasks of a service', () => {
  const scaled = running(SERVICE, (spec) => (spec['Mode'] = { Replicated: { Replicas: 5 } }));
  const stack = { ...stackOf('services: { a: { image: x } }'), compose: config(SERVICE) };

  it.each([
    ['ignore', [{ service: 'a', environment: {}, replicas: 5 }]],
    [{ a: 'ignore' }, [{ service: 'a', environment: {}, replicas: 5 }]],
    [{ b: 'ignore' }, []],
    ['fix', []],
  ] as const)('stays with drift %j', (ignored, additions) => {
    expect(keptReplicas({ ...stack, drift: ignored }, scaled, [])).toEqual(additions);
  });

  it('isn’t repeated when it is that of the file', () => {
    expect(keptReplicas({ ...stack, drift: 'ignore' }, running(SERVICE), [])).toEqual([]);
  });
});

describe('an image that somebody else chose', () => {
  it.each([
    ['nginx:1', false],
    [`nginx:1@sha256:${'b'.repeat(64)}`, false],
    ['nginx:2', true],
    [`nginx:2@sha256:${'b'.repeat(64)}`, true],
  ])('is told from the deployed one: %s', (image, isForeign) => {
    expect(hasForeignImage(running(SERVICE, (_, container) => (container['Image'] = image)))).toBe(isForeign);
  });
});
