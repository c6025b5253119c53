import { describe, expect, it } from 'vitest';
import { judge } from '../../lib/swarm/convergence.ts';
import { Patience, roomMayCome } from '../../lib/swarm/room.ts';
import type { SwarmNode, SwarmService, SwarmTask } from '../../lib/contracts/swarm-types.ts';

const node = (id: string, state = 'ready'): SwarmNode => ({
  ID: id,
  Version: { Index: 1 },
  Spec: { Role: 'worker', Availability: 'active' },
  Description: { Hostname: id, Engine: { EngineVersion: '26.1.5' } },
  Status: { State: state, Addr: '10.0.0.1' },
});
const nodes = [node('n1'), node('n2'), node('n3', 'down')];

const service = (id: string, mode: SwarmService['Spec']['Mode'], update?: string): SwarmService => ({
  ID: id,
  Version: { Index: 1 },
  Spec: { Name: id, TaskTemplate: { ContainerSpec: { Image: 'nginx' } }, Mode: mode },
  ...(update === undefined ? {} : { UpdateStatus: { State: update } }),
});
const web = (update?: string) => service('web', { Replicated: { Replicas: 3 } }, update);

let next = 0;
const task = (of: string, state: string, rest: Partial<SwarmTask> = {}, err?: string): SwarmTask => ({
  ID: `task${next++}`,
  Version: { Index: 1 },
  CreatedAt: '2026-01-01T00:00:00Z',
  ServiceID: of,
  NodeID: 'n1',
  Slot: next,
  DesiredState: 'running',
  Spec: { ContainerSpec: { Image: 'nginx' } },
  Status: { State: state, ...(err === undefined ? {} : { Err: err }) },
  ...rest,
});
const NO_ROOM = 'no suitable node (insufficient resources on 2 nodes; 1 node not available for new tasks)';
const waiting = (of = 'web', err = NO_ROOM) => task(of, 'pending', {}, err);

describe('a service with room for some of its tasks', () => {
  const tasks = [task('web', 'running'), task('web', 'running'), waiting()];
  const look = (all = tasks, around = nodes) => judge(web(), all, around);

  it('fails after a minute in which nothing changes', () => {
    const patience = new Patience();
    expect(patience.lost([look()], 0)).toEqual([]);
    expect(patience.lost([look()], 59_999)).toEqual([]);
    expect(patience.lost([look()], 60_000)).toMatchObject([
      { needsRoom: true, failure: { why: `has room for only 2 of 3 tasks: ${NO_ROOM}` } },
    ]);
  });

  it('waits on when a task or a node changes', () => {
    const patience = new Patience();
    patience.lost([look()], 0);
    expect(patience.lost([look(tasks, [...nodes, node('n4')])], 60_000)).toEqual([]);
    expect(patience.lost([look([...tasks.slice(1), task('web', 'running')])], 119_999)).toEqual([]);
    expect(patience.lost([look()], 179_998)).toEqual([]);
  });

  it('waits while others of its tasks start', () => {
    const patience = new Patience();
    const starting = [task('web', 'running'), task('web', 'preparing'), waiting()];
    patience.lost([look(starting)], 0);
    expect(patience.lost([look(starting)], 400_000)).toEqual([]);
  });

  it('is also a global one, whose task waits on its own node', () => {
    const global = service('web', { Global: {} });
    const all = [task('web', 'running'), task('web', 'pending', { NodeID: 'n2' }, 'insufficient resources on 1 node')];
    const patience = new Patience();
    patience.lost([judge(global, all, nodes)], 0);
    expect(patience.lost([judge(global, all, nodes)], 60_000)[0]?.failure.why).toBe(
      'has room for only 1 of 2 tasks: no suitable node (insufficient resources on 1 node)',
    );
  });

  it('is a job only while none of its tasks works', () => {
    const job = service('job', { ReplicatedJob: { MaxConcurrent: 2, TotalCompletions: 2 } });
    const iteration = { JobIteration: {}, DesiredState: 'complete' };
    const all = [task('job', 'running', iteration), { ...waiting('job'), ...iteration }];
    const patience = new Patience();
    patience.lost([judge(job, all, nodes)], 0);
    expect(patience.lost([judge(job, all, nodes)], 400_000)).toEqual([]);
  });

  it('does not hide the failure of another', () => {
    const patience = new Patience();
    const bad = service('bad', { Replicated: { Replicas: 1 } });
    const refused = [1, 2].map(() => task('bad', 'rejected', {}, 'No such image: nginx'));
    const all = () => [look(), judge(bad, refused, nodes)];
    expect(patience.lost(all(), 0).map((one) => one.service.ID)).toEqual(['bad']);
    expect(patience.lost(all(), 60_000).map((one) => one.service.ID)).toEqual(['bad', 'web']);
  });
});

describe('a service without room for any task', () => {
  it('fails as soon as a node that just joined would have been eligible', () => {
    const patience = new Patience();
    const look = () => judge(web(), [waiting(), waiting(), waiting()], nodes);
    expect(patience.lost([look()], 0)).toEqual([]);
    expect(patience.lost([look()], 8_000)).toMatchObject([
      { needsRoom: true, failure: { why: `can't run: ${NO_ROOM}` } },
    ]);
  });

  it('needs no room when its constraints exclude every node', () => {
    const patience = new Patience();
    const look = () =>
      judge(web(), [waiting('web', 'no suitable node (scheduling constraints not satisfied on 3 nodes)')], nodes);
    patience.lost([look()], 0);
    expect(patience.lost([look()], 8_000)).toMatchObject([{ needsRoom: false }]);
  });
});

describe('room may come', () => {
  const job = service('job', { ReplicatedJob: { MaxConcurrent: 1 } });
  it.each<[string, boolean, SwarmService[], SwarmTask[]]>([
    ['from nothing', false, [web()], [task('web', 'running'), waiting()]],
    ['from a task that is to stop', true, [web()], [task('web', 'running', { DesiredState: 'shutdown' })]],
    [
      'not from one on a node that is down',
      false,
      [web()],
      [task('web', 'running', { DesiredState: 'shutdown', NodeID: 'n3' })],
    ],
    ['not from one that ended', false, [web()], [task('web', 'failed', { DesiredState: 'shutdown' })]],
    ['not from its own update', false, [web('updating')], [task('web', 'running')]],
    ["from another service's update", true, [web(), service('db', {}, 'updating')], [task('db', 'running')]],
    [
      "not from another service's update that waits for room too",
      false,
      [web(), service('db', {}, 'updating')],
      [waiting('db')],
    ],
    ["from another service's roll-back", true, [web(), service('db', {}, 'rollback_started')], []],
    ['from a job that runs', true, [web(), job], [task('job', 'running', { DesiredState: 'complete' })]],
    ['not from a job that is over', false, [web(), job], [task('job', 'complete', { DesiredState: 'complete' })]],
  ])('%s: %s', (_what, expected, services, tasks) => {
    expect(roomMayCome(web(), services, tasks, nodes)).toBe(expected);
  });
});

describe('a wait', () => {
  it('names the nodes that are away', () => {
    const tasks = [
      task('web', 'running'),
      task('web', 'preparing', { NodeID: 'n3' }),
      task('web', 'preparing', { NodeID: 'n2' }),
    ];
    expect(judge(web(), tasks, nodes).waitingFor).toBe('1/3 running, 1 preparing on n3 (down), 1 preparing');
  });
});
