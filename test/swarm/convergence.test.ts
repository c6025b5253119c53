import { describe, expect, it } from 'vitest';
import { judge } from '../../lib/swarm/convergence.ts';
import { differences, specification } from '../../lib/swarm/service-spec.ts';
import type { SwarmNode, SwarmService, SwarmTask } from '../../lib/contracts/swarm-types.ts';

const node = (id: string, state = 'ready'): SwarmNode => ({
  ID: id,
  Version: { Index: 1 },
  Spec: { Role: 'worker', Availability: 'active' },
  Description: { Hostname: id, Engine: { EngineVersion: '26.1.5' } },
  Status: { State: state, Addr: '10.0.0.1' },
});

const service = (replicas: number, update?: SwarmService['UpdateStatus']): SwarmService => ({
  ID: 's',
  Version: { Index: 1 },
  Spec: {
    Name: 'web',
    TaskTemplate: { ContainerSpec: { Image: 'nginx' } },
    Mode: { Replicated: { Replicas: replicas } },
  },
  ...(update ? { UpdateStatus: update } : {}),
});

let created = 0;
const task = (
  state: string,
  rest: Partial<SwarmTask> & { err?: string; exit?: number; image?: string } = {},
): SwarmTask => ({
  ID: `t${created}`,
  Version: { Index: 1 },
  CreatedAt: new Date(1_700_000_000_000 + created++).toISOString(),
  ServiceID: 's',
  NodeID: 'n1',
  DesiredState: 'running',
  Spec: { ContainerSpec: { Image: rest.image ?? 'nginx' } },
  ...rest,
  Status: {
    State: state,
    ...(rest.err ? { Err: rest.err } : {}),
    ...(rest.exit ? { ContainerStatus: { ExitCode: rest.exit } } : {}),
  },
});
const dead = (state: string, err: string, exit?: number) =>
  task(state, { DesiredState: 'shutdown', err, ...(exit ? { exit } : {}) });
const nodes = [node('n1'), node('n2')];

/** A service's TaskTemplate and the Spec of one of its tasks, from GET /services and GET /tasks. */
const RECORDED: readonly (readonly [object, object])[] = [
  [
    {
      ContainerSpec: {
        Image: 'nginx',
        Labels: { tier: 'web' },
        Hostname: '{{.Node.Hostname}}',
        Env: ['A=1'],
        Mounts: [
          { Type: 'volume', Source: 'data', Target: '/data' },
          { Type: 'tmpfs', Target: '/scratch', TmpfsOptions: { SizeBytes: 16777216 } },
        ],
        StopGracePeriod: 5000000000,
        Healthcheck: { Test: ['CMD-SHELL', 'true'], Interval: 5000000000, Timeout: 30000000000, Retries: 3 },
        Hosts: ['10.0.0.9 db'],
        DNSConfig: {},
        Secrets: [
          {
            File: { Name: 'key', UID: '0', GID: '0', Mode: 292 },
            SecretID: '50jdcwzgpkzdjsk2f3hdonhai',
            SecretName: 'key-bf4590d99def',
          },
        ],
        Configs: [
          {
            File: { Name: '/motd', UID: '0', GID: '0', Mode: 292 },
            ConfigID: '73vnyt7g3j5hdgikpeql0umgp',
            ConfigName: 'motd-a187a884c9c0',
          },
        ],
        Isolation: 'default',
        CapabilityDrop: ['NET_RAW'],
        Ulimits: [{ Name: 'nofile', Hard: 2048, Soft: 1024 }],
      },
      Resources: {
        Limits: { NanoCPUs: 500000000, MemoryBytes: 67108864, Pids: 100 },
        Reservations: { MemoryBytes: 16777216 },
      },
      RestartPolicy: { Condition: 'any', Delay: 1000000000, MaxAttempts: 0, Window: 0 },
      Placement: { Preferences: [{ Spread: { SpreadDescriptor: 'node.labels.zone' } }] },
      Networks: [{ Target: 'y2u6220qprqjmgnfxix29rs6u' }],
      LogDriver: { Name: 'json-file', Options: { 'max-size': '1m' } },
      ForceUpdate: 0,
      Runtime: 'container',
    },
    {
      ContainerSpec: {
        Image: 'nginx',
        Labels: { tier: 'web' },
        Hostname: '{{.Node.Hostname}}',
        Env: ['A=1'],
        Mounts: [
          { Type: 'volume', Source: 'data', Target: '/data' },
          { Type: 'tmpfs', Target: '/scratch', TmpfsOptions: { SizeBytes: 16777216 } },
        ],
        StopGracePeriod: 5000000000,
        Healthcheck: { Test: ['CMD-SHELL', 'true'], Interval: 5000000000, Timeout: 30000000000, Retries: 3 },
        Hosts: ['10.0.0.9 db'],
        Secrets: [
          {
            File: { Name: 'key', UID: '0', GID: '0', Mode: 292 },
            SecretID: '50jdcwzgpkzdjsk2f3hdonhai',
            SecretName: 'key-bf4590d99def',
          },
        ],
        Configs: [
          {
            File: { Name: '/motd', UID: '0', GID: '0', Mode: 292 },
            ConfigID: '73vnyt7g3j5hdgikpeql0umgp',
            ConfigName: 'motd-a187a884c9c0',
          },
        ],
        Isolation: 'default',
        CapabilityDrop: ['NET_RAW'],
        Ulimits: [{ Name: 'nofile', Hard: 2048, Soft: 1024 }],
      },
      Resources: {
        Limits: { NanoCPUs: 500000000, MemoryBytes: 67108864, Pids: 100 },
        Reservations: { MemoryBytes: 16777216 },
      },
      RestartPolicy: { Condition: 'any', Delay: 1000000000, MaxAttempts: 0, Window: 0 },
      Placement: { Preferences: [{ Spread: { SpreadDescriptor: 'node.labels.zone' } }] },
      Networks: [{ Target: 'y2u6220qprqjmgnfxix29rs6u' }],
      LogDriver: { Name: 'json-file', Options: { 'max-size': '1m' } },
      ForceUpdate: 0,
    },
  ],
  [
    {
      ContainerSpec: { Image: 'nginx', Isolation: 'default' },
      Placement: { Constraints: ['node.role == worker'] },
      ForceUpdate: 0,
      Runtime: 'container',
    },
    {
      ContainerSpec: { Image: 'nginx', Isolation: 'default' },
      Placement: { Constraints: ['node.role == worker'] },
      ForceUpdate: 0,
    },
  ],
];

describe('a service that should run', () => {
  it('has converged when every task runs on a node that is up', () => {
    expect(judge(service(2), [task('running'), task('running', { NodeID: 'n2' })], nodes)).toMatchObject({
      running: 2,
      desired: 2,
      waitingFor: '',
      permanentFailure: undefined,
    });
  });

  it('does not count tasks on a node that is down, or with an older image', () => {
    const tasks = [
      task('running'),
      task('running', { NodeID: 'n3' }),
      task('running', { NodeID: 'n2', image: 'nginx:old' }),
    ];
    expect(judge(service(2), tasks, [...nodes, node('n3', 'down')])).toMatchObject({
      running: 1,
      waitingFor: '1/2 running, 1 running on n3 (down)',
    });
  });

  it('does not count tasks from before an update, even of one variable; placement does not matter', () => {
    const { Spec } = service(1);
    const changed = (more: object) => ({
      ...service(1),
      Spec: { ...Spec, TaskTemplate: { ...Spec.TaskTemplate, ...more } },
    });
    const other = changed({ ContainerSpec: { Image: 'nginx', Env: ['A=2'] } });
    expect(judge(other, [task('running')], nodes)).toMatchObject({ waitingFor: '0/1 running', alive: 1 });
    expect(judge(changed({ ForceUpdate: 1 }), [task('running')], nodes).running).toBe(0);
    expect(
      judge(changed({ Placement: { Constraints: ['node.role==worker'] } }), [task('running')], nodes).running,
    ).toBe(1);
  });

  it('is compared with its tasks as the engine returns them: 26.1.5, with all fields and with the required ones', () => {
    for (const [template, spec] of RECORDED) {
      const recorded = { ...service(1), Spec: { ...service(1).Spec, TaskTemplate: template } };
      expect(judge(recorded as SwarmService, [task('running', { Spec: spec })], nodes).running).toBe(1);
    }
  });

  it('waits for old tasks to stop', () => {
    expect(judge(service(1), [task('running'), task('running', { DesiredState: 'shutdown' })], nodes).waitingFor).toBe(
      '1 old tasks stopping',
    );
  });

  it('waits for an update that is under way', () => {
    expect(
      judge(service(1, { State: 'updating', Message: 'update in progress' }), [task('running')], nodes).waitingFor,
    ).toBe('update updating: update in progress');
  });

  it('waits for an update of its ports, which replaces tasks that look as the new ones do', () => {
    const old = task('running');
    const running = [old];
    const { CreatedAt } = old;
    const after = new Date(Date.parse(CreatedAt) + 1).toISOString();
    const base = service(1);
    const on = (...ports: number[]) => ({
      ...base.Spec,
      EndpointSpec: { Ports: ports.map((one) => ({ PublishedPort: one, TargetPort: 80 })) },
    });
    const changed = { ...base, Spec: on(80, 8090), PreviousSpec: on(80), UpdatedAt: after };
    const waiting = (one: SwarmService, tasks = running) => judge(one, tasks, nodes).waitingFor;
    expect(waiting(changed)).toBe('the update of its ports has not begun');
    // It has begun, and says so; or is over.
    expect(waiting({ ...changed, UpdateStatus: { State: 'updating', Message: 'x' } })).toBe('update updating: x');
    expect(waiting({ ...changed, UpdateStatus: { State: 'completed', Message: '' } })).toBe('');
    expect(waiting({ ...changed, UpdatedAt: CreatedAt })).toBe('');
    expect(waiting({ ...changed, PreviousSpec: { ...on(80, 8090), Labels: { a: 'b' } } })).toBe('');
    // What the engine fills in is no change.
    const filled = { ...base.Spec, EndpointSpec: { Mode: 'vip' } };
    expect(waiting({ ...changed, Spec: filled, PreviousSpec: base.Spec })).toBe('');
  });

  it('counts one task per node when it is global', () => {
    const global = { ...service(0), Spec: { ...service(0).Spec, Mode: { Global: {} } } };
    expect(judge(global, [task('running'), task('preparing', { NodeID: 'n2' })], nodes)).toMatchObject({
      desired: 2,
      running: 1,
      waitingFor: '1/2 running, 1 preparing',
    });
    expect(judge(global, [], nodes).waitingFor).not.toBe('');
  });

  it('needs no tasks when it has no replicas', () => {
    expect(judge(service(0), [], nodes).waitingFor).toBe('');
  });
});

describe('a service that can never run', () => {
  it('is reported with the whole error of its newest task', () => {
    const tasks = [
      dead('rejected', 'No such image: nope:latest'),
      dead('rejected', 'No such image: nope:latest'),
      task('preparing'),
    ];
    expect(judge(service(1), tasks, nodes).permanentFailure?.why).toBe(
      "can't run: no task ever ran; a task is rejected: No such image: nope:latest",
    );
  });

  it('is reported with the exit code', () => {
    expect(
      judge(
        service(1),
        [dead('failed', 'task: non-zero exit (3)', 3), dead('failed', 'task: non-zero exit (3)', 3)],
        nodes,
      ).permanentFailure?.why,
    ).toContain('(exit code 3)');
  });

  it('is distinguished from one that ran before, or has failed only once', () => {
    expect(judge(service(1), [dead('failed', 'x', 1), task('starting')], nodes).permanentFailure).toBeUndefined();
    expect(
      judge(
        service(2),
        [dead('failed', 'x'), dead('failed', 'x'), dead('failed', 'x'), dead('failed', 'x'), task('running')],
        nodes,
      ).permanentFailure,
    ).toBeUndefined();
  });

  it('is one whose tasks end repeatedly, without any error', () => {
    const ends = Array.from({ length: 6 }, () => task('complete', { DesiredState: 'shutdown' }));
    expect(judge(service(2), [...ends, task('starting'), task('starting')], nodes).permanentFailure?.why).toBe(
      'does not stay up: its tasks keep ending soon after they start (the last with exit code 0)',
    );
    expect(judge(service(2), [...ends, task('running'), task('starting')], nodes).permanentFailure).toBeUndefined();
    expect(judge(service(2), ends.slice(1), nodes).permanentFailure).toBeUndefined();
  });

  it('is reported with the scheduler’s message when no node fits', () => {
    const pending = task('pending', {
      NodeID: '',
      err: 'no suitable node (scheduling constraints not satisfied on 2 nodes)',
    });
    expect(judge(service(1), [pending], nodes).permanentFailure?.why).toBe(
      "can't run: no suitable node (scheduling constraints not satisfied on 2 nodes)",
    );
    expect(judge(service(2), [pending, task('running')], nodes).permanentFailure).toBeUndefined();
  });

  it('is one that was rolled back, even if it then runs', () => {
    const rolledBack = service(1, { State: 'rollback_completed', Message: 'rollback completed' });
    expect(judge(rolledBack, [task('running')], nodes).permanentFailure?.why).toContain(
      'was rolled back instead of updated: rollback completed',
    );
    const failed = task('failed', {
      image: 'nginx:bad',
      err: 'task: non-zero exit (1)',
      exit: 1,
      DesiredState: 'shutdown',
    });
    const { permanentFailure } = judge(rolledBack, [task('running'), failed, dead('failed', 'of before')], nodes);
    expect(permanentFailure).toEqual({
      why: 'was rolled back instead of updated: rollback completed; a task is failed: task: non-zero exit (1) (exit code 1)',
      culprit: failed,
    });
  });
});

describe('a service and its section in the file', () => {
  const wanted = {
    name: 'web',
    image: 'nginx',
    mode: 'replicated' as const,
    replicas: 3,
    ports: [{ published: 80, target: 80, protocol: 'tcp' as const, mode: 'ingress' as const }],
    env: { A: '1' },
    constraints: ['node.role==worker'],
  };
  const made = (image = 'nginx'): SwarmService => ({
    ID: 's',
    Version: { Index: 1 },
    Spec: specification(wanted, image, 'test'),
  });

  it('are the same after it was created, with a digest or without', () => {
    expect(differences(made(), wanted)).toEqual([]);
    expect(differences(made('nginx:latest@sha256:abc'), wanted)).toEqual([]);
  });

  it('differ only in managed fields', () => {
    const foreign: SwarmService = { ...made(), Spec: { ...made().Spec, Labels: { mine: 'x' } } };
    expect(
      differences(foreign, {
        ...wanted,
        replicas: 4,
        image: 'nginx:1.27',
        env: {},
        ports: [],
        constraints: ['node.role == manager'],
      }),
    ).toEqual([
      { path: ['image'], from: 'nginx', to: 'nginx:1.27' },
      { path: ['replicas'], from: 3, to: 4 },
      { path: ['ports'], from: ['80:80'], to: [] },
      { path: ['env'], from: ['A'], to: [] },
      { path: ['constraints'], from: ['node.role==worker'], to: ['node.role==manager'] },
    ]);
    expect(specification(wanted, 'nginx', 'test', { current: foreign.Spec }).Labels).toEqual({
      mine: 'x',
      'swarmup.cluster': 'test',
    });
  });
});

describe('a service whose tasks may end', () => {
  const once = (condition: string, replicas = 2): SwarmService => {
    const { Spec, ...rest } = service(replicas);
    const template = { ...Spec.TaskTemplate, RestartPolicy: { Condition: condition } };
    return { ...rest, Spec: { ...Spec, TaskTemplate: template } };
  };
  const of = (wanted: SwarmService, state: string, slot: number, rest: Parameters<typeof task>[1] = {}) =>
    task(state, { Slot: slot, DesiredState: 'shutdown', Spec: wanted.Spec.TaskTemplate, ...rest });

  it.each(['none', 'on-failure'])('has converged when they have finished their work (%s)', (condition) => {
    const wanted = once(condition);
    const tasks = [of(wanted, 'complete', 1), of(wanted, 'complete', 2)];
    expect(judge(wanted, tasks, nodes)).toMatchObject({ running: 2, waitingFor: '', permanentFailure: undefined });
    expect(judge(wanted, tasks.slice(1), nodes)).toMatchObject({ running: 1, waitingFor: '1/2 running' });
  });

  it('counts each slot once, by its last task', () => {
    const wanted = once('on-failure', 1);
    const failed = of(wanted, 'failed', 1, { err: 'task: non-zero exit (1)' });
    expect(judge(wanted, [failed, of(wanted, 'complete', 1)], nodes).waitingFor).toBe('');
    const again = [of(wanted, 'complete', 1), task('running', { Slot: 1, Spec: wanted.Spec.TaskTemplate })];
    expect(judge(wanted, again, nodes).running).toBe(1);
  });

  it('can never run once a task failed that nothing restarts', () => {
    const wanted = once('none', 1);
    const failed = of(wanted, 'failed', 1, { err: 'task: non-zero exit (3)', exit: 3 });
    expect(judge(wanted, [failed], nodes).permanentFailure?.why).toBe(
      "has a task that failed, and restart condition none doesn't restart it; a task is failed: task: non-zero exit (3) (exit code 3)",
    );
    expect(judge(once('on-failure', 1), [failed], nodes).permanentFailure).toBeUndefined();
  });

  it('is not reported as one that ends repeatedly', () => {
    const wanted = once('any', 1);
    const ended = [1, 2, 3].map(() => of(wanted, 'complete', 1));
    expect(judge(wanted, ended, nodes).permanentFailure?.why).toContain('keep ending soon after they start');
  });
});
