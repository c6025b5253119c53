import { describe, expect, it } from 'vitest';
import { judge } from '../../lib/swarm/converge.ts';
import { differences, specification } from '../../lib/swarm/service-spec.ts';
import type { SwarmNode, SwarmService, SwarmTask } from '../../lib/swarm/types.ts';

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

describe('whether a service runs as it should', () => {
  it('has converged when every task runs on a node that is up', () => {
    expect(judge(service(2), [task('running'), task('running', { NodeID: 'n2' })], nodes)).toMatchObject({
      running: 2,
      desired: 2,
      waitingFor: '',
      hopeless: undefined,
    });
  });

  it('does not count tasks of a node that is down, nor of an older image', () => {
    const tasks = [
      task('running'),
      task('running', { NodeID: 'n3' }),
      task('running', { NodeID: 'n2', image: 'nginx:old' }),
    ];
    expect(judge(service(2), tasks, [...nodes, node('n3', 'down')])).toMatchObject({
      running: 1,
      waitingFor: '1/2 running',
    });
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

  it('counts one task a node for a global service', () => {
    const global = { ...service(0), Spec: { ...service(0).Spec, Mode: { Global: {} } } };
    expect(judge(global, [task('running'), task('preparing', { NodeID: 'n2' })], nodes)).toMatchObject({
      desired: 2,
      running: 1,
      waitingFor: '1/2 running',
    });
    expect(judge(global, [], nodes).waitingFor).not.toBe('');
  });

  it('is content with no tasks when none are wanted', () => {
    expect(judge(service(0), [], nodes).waitingFor).toBe('');
  });
});

describe('when a service never will', () => {
  it('quotes the whole error of the newest task', () => {
    const tasks = [
      dead('rejected', 'No such image: nope:latest'),
      dead('rejected', 'No such image: nope:latest'),
      task('preparing'),
    ];
    expect(judge(service(1), tasks, nodes).hopeless).toBe(
      'no task ever ran; a task is rejected: No such image: nope:latest',
    );
  });

  it('adds the exit code', () => {
    expect(
      judge(
        service(1),
        [dead('failed', 'task: non-zero exit (3)', 3), dead('failed', 'task: non-zero exit (3)', 3)],
        nodes,
      ).hopeless,
    ).toContain('(exit code 3)');
  });

  it('gives a service that ran before, or has failed only once, its time', () => {
    expect(judge(service(1), [dead('failed', 'x', 1), task('starting')], nodes).hopeless).toBeUndefined();
    expect(
      judge(
        service(2),
        [dead('failed', 'x'), dead('failed', 'x'), dead('failed', 'x'), dead('failed', 'x'), task('running')],
        nodes,
      ).hopeless,
    ).toBeUndefined();
  });

  it('passes the scheduler on when no node fits', () => {
    const pending = task('pending', {
      NodeID: '',
      err: 'no suitable node (scheduling constraints not satisfied on 2 nodes)',
    });
    expect(judge(service(1), [pending], nodes).hopeless).toBe(
      'no suitable node (scheduling constraints not satisfied on 2 nodes)',
    );
    expect(judge(service(2), [pending, task('running')], nodes).hopeless).toBeUndefined();
  });

  it('takes a roll-back for a failure, although the service then runs', () => {
    const rolledBack = service(1, { State: 'rollback_completed', Message: 'rollback completed' });
    expect(judge(rolledBack, [task('running')], nodes).hopeless).toContain(
      'the update was rolled back: rollback completed',
    );
  });
});

describe('a service and what the file says', () => {
  const wanted = {
    name: 'web',
    image: 'nginx',
    replicas: 3,
    ports: [{ published: 80, target: 80, protocol: 'tcp' as const }],
    env: { A: '1' },
    constraints: ['node.role==worker'],
  };
  const made = (image = 'nginx'): SwarmService => ({
    ID: 's',
    Version: { Index: 1 },
    Spec: specification(wanted, image, 'test'),
  });

  it('are the same after it was made, with a digest or without', () => {
    expect(differences(made(), wanted)).toEqual([]);
    expect(differences(made('nginx:latest@sha256:abc'), wanted)).toEqual([]);
  });

  it('differ in what is managed, and only there', () => {
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
      { field: 'image', from: 'nginx', to: 'nginx:1.27' },
      { field: 'replicas', from: '3', to: '4' },
      { field: 'ports', from: '80:80', to: 'none' },
      { field: 'env', from: 'A', to: 'none' },
      { field: 'constraints', from: 'node.role==worker', to: 'node.role==manager' },
    ]);
    expect(specification(wanted, 'nginx', 'test', foreign.Spec).Labels).toEqual({
      mine: 'x',
      'swarmup.cluster': 'test',
    });
  });
});
