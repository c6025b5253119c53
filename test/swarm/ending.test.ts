import { describe, expect, it } from 'vitest';
import { judge } from '../../lib/swarm/convergence.ts';
import type { ServiceSpecification, SwarmNode, SwarmService, SwarmTask } from '../../lib/contracts/swarm-types.ts';

const node = (id: string, more: { state?: string; availability?: 'active' | 'pause' | 'drain' } = {}): SwarmNode => ({
  ID: id,
  Version: { Index: 1 },
  Spec: { Role: 'worker', Availability: more.availability ?? 'active', Labels: id === 'n1' ? { disk: 'ssd' } : {} },
  Description: { Hostname: id, Engine: { EngineVersion: '26.1.5' } },
  Status: { State: more.state ?? 'ready', Addr: '10.0.0.1' },
});
const nodes = [node('n1'), node('n2')];

const service = (
  mode: ServiceSpecification['Mode'],
  policy: ServiceSpecification['TaskTemplate']['RestartPolicy'] = {},
  more: Partial<SwarmService> & { constraints?: string[] } = {},
): SwarmService => ({
  ID: 's',
  Version: { Index: 1 },
  Spec: {
    Name: 'migrate',
    TaskTemplate: {
      ContainerSpec: { Image: 'busybox' },
      RestartPolicy: policy,
      ...(more.constraints ? { Placement: { Constraints: more.constraints } } : {}),
    },
    Mode: mode,
  },
  ...more,
});

let made = 0;
const task = (of: SwarmService, state: string, rest: Partial<SwarmTask> & { exit?: number } = {}): SwarmTask => {
  const { exit, ...more } = rest;
  const err =
    state === 'failed' ? `task: non-zero exit (${exit ?? 1})` : state === 'rejected' ? 'No such image: x' : '';
  return {
    ID: `t${made}`,
    Version: { Index: 1 },
    CreatedAt: new Date(1_700_000_000_000 + made++).toISOString(),
    ServiceID: 's',
    NodeID: 'n1',
    DesiredState: 'complete',
    Spec: of.Spec.TaskTemplate,
    JobIteration: {},
    ...more,
    Status: {
      State: state,
      ...(err ? { Err: err } : {}),
      ...(state === 'failed' ? { ContainerStatus: { ExitCode: exit ?? 1 } } : {}),
    },
  };
};
const givenUp = (of: SwarmService, slot: number, rest: Partial<SwarmTask> & { exit?: number } = {}) =>
  task(of, 'failed', { Slot: slot, DesiredState: 'shutdown', ...rest });

const replicated = (total: number, concurrent = total) => ({
  ReplicatedJob: { MaxConcurrent: concurrent, TotalCompletions: total },
});

describe('a replicated job', () => {
  it('has converged when as many tasks completed as asked for; the first slot has no number', () => {
    const job = service(replicated(2));
    const first = task(job, 'complete');
    expect(judge(job, [first, task(job, 'running', { Slot: 1 })], nodes)).toMatchObject({
      desired: 2,
      completed: 1,
      working: true,
      waitingFor: '1/2 complete, 1 running',
      permanentFailure: undefined,
    });
    expect(judge(job, [first, task(job, 'complete', { Slot: 1 })], nodes)).toMatchObject({
      completed: 2,
      working: false,
      waitingFor: '',
      permanentFailure: undefined,
    });
  });

  it('asks for as many completions as may run at once, unless the total is given', () => {
    expect(judge(service({ ReplicatedJob: { MaxConcurrent: 3 } }), [], nodes).desired).toBe(3);
    expect(judge(service({ ReplicatedJob: {} }), [], nodes).desired).toBe(1);
  });

  it('counts only tasks of its current iteration', () => {
    const again = service(replicated(1), {}, { JobStatus: { JobIteration: { Index: 3 } } });
    const old = [task(again, 'complete', { JobIteration: { Index: 2 } }), task(again, 'complete')];
    expect(judge(again, old, nodes).waitingFor).toBe('0/1 complete');
    expect(judge(again, [...old, task(again, 'complete', { JobIteration: { Index: 3 } })], nodes).waitingFor).toBe('');
  });

  it('waits for tasks of an earlier iteration that still run', () => {
    const again = service(replicated(1), {}, { JobStatus: { JobIteration: { Index: 1 } } });
    const tasks = [
      task(again, 'running', { DesiredState: 'remove' }),
      task(again, 'complete', { JobIteration: { Index: 1 } }),
    ];
    expect(judge(again, tasks, nodes).waitingFor).toBe('1 tasks of an earlier run stopping');
  });

  it('ignores the state of a roll-back, which never ends for a job', () => {
    const back = service(replicated(1), {}, { UpdateStatus: { State: 'rollback_started' } });
    expect(judge(back, [task(back, 'complete')], nodes).waitingFor).toBe('');
  });

  it('has failed when nothing restarts a failed task, and says why', () => {
    const never = service(replicated(1), { Condition: 'none' });
    const lost = givenUp(never, 0, { exit: 3 });
    expect(judge(never, [lost], nodes).permanentFailure).toEqual({
      why: "has a task that failed, and restart condition none doesn't restart it; a task is failed: task: non-zero exit (3) (exit code 3)",
      culprit: lost,
    });
    const twice = service(replicated(1), { Condition: 'on-failure', MaxAttempts: 1 });
    const first = givenUp(twice, 0);
    expect(judge(twice, [first, task(twice, 'ready', { DesiredState: 'ready' })], nodes).permanentFailure).toBe(
      undefined,
    );
    expect(judge(twice, [first, givenUp(twice, 0, { exit: 4 })], nodes).permanentFailure?.why).toBe(
      'has a task that failed, and its restarts are used up (maxAttempts 1); a task is failed: task: non-zero exit (4) (exit code 4)',
    );
  });

  it('has not failed while others of its tasks run: Swarm then fills the slot again', () => {
    const job = service(replicated(2), { Condition: 'none' });
    const lost = givenUp(job, 0);
    expect(judge(job, [lost, task(job, 'running', { Slot: 1 })], nodes).permanentFailure).toBeUndefined();
    expect(judge(job, [lost, task(job, 'complete', { Slot: 1 })], nodes).permanentFailure?.culprit).toBe(lost);
    expect(judge(job, [lost, task(job, 'complete', { Slot: 1 }), task(job, 'complete')], nodes)).toMatchObject({
      waitingFor: '',
      permanentFailure: undefined,
    });
  });

  it('that fails again and again without a limit is given up, sooner if its image is missing', () => {
    const job = service(replicated(1));
    const failed = Array.from({ length: 5 }, () => givenUp(job, 0));
    expect(judge(job, failed.slice(1), nodes).permanentFailure).toBeUndefined();
    expect(judge(job, failed, nodes).permanentFailure?.why).toContain('keeps failing: 5 times so far');
    const rejected = [1, 2].map(() => task(job, 'rejected', { DesiredState: 'shutdown' }));
    expect(judge(job, rejected, nodes).permanentFailure?.why).toBe(
      "can't run: no task ever ran; a task is rejected: No such image: x",
    );
  });

  it('that fits on no node is reported with the scheduler’s message', () => {
    const job = service(replicated(1));
    const message = 'no suitable node (scheduling constraints not satisfied on 2 nodes)';
    const pending = { ...task(job, 'pending'), Status: { State: 'pending', Err: message } };
    expect(judge(job, [pending], nodes).permanentFailure?.why).toBe(`can't run: ${message}`);
  });
});

describe('a global job', () => {
  const job = service({ GlobalJob: {} });

  it('has converged when it completed on every node that is ready, active and fits', () => {
    const one = task(job, 'complete');
    expect(judge(job, [one], nodes).waitingFor).toBe('1/2 complete');
    expect(judge(job, [one, task(job, 'complete', { NodeID: 'n2' })], nodes).waitingFor).toBe('');
    for (const other of [node('n3', { state: 'down' }), node('n3', { availability: 'drain' })])
      expect(judge(job, [one], [node('n1'), other]).waitingFor).toBe('');
    expect(judge(job, [one], [node('n1'), node('n3', { availability: 'pause' })]).waitingFor).toBe('');
    const ssd = service({ GlobalJob: {} }, {}, { constraints: ['node.labels.disk == ssd'] });
    expect(judge(ssd, [one], nodes).waitingFor).toBe('');
  });

  it('stays complete when a node that ran it is drained', () => {
    const done = [task(job, 'complete'), task(job, 'complete', { NodeID: 'n2' })];
    expect(judge(job, done, [node('n1'), node('n2', { availability: 'drain' })]).waitingFor).toBe('');
  });

  it('does not wait for nodes that joined or returned after it had started, where Swarm never runs it', () => {
    const started = service({ GlobalJob: {} }, {}, { JobStatus: { LastExecution: '2026-01-01T00:00:10.5Z' } });
    const done = [task(started, 'complete'), task(started, 'complete', { NodeID: 'n2' })];
    const third = (UpdatedAt: string) => ({ ...node('n3'), UpdatedAt });
    expect(judge(started, done, [...nodes, third('2026-01-01T00:00:11Z')]).waitingFor).toBe('');
    expect(judge(started, done, [...nodes, third('2026-01-01T00:00:10Z')]).waitingFor).toBe('2/3 complete');
  });

  it('has failed when it failed more often than its limit on a node: Swarm itself ignores the limit', () => {
    const limited = service({ GlobalJob: {} }, { Condition: 'any', MaxAttempts: 1 });
    const failed = [givenUp(limited, 0), givenUp(limited, 0)];
    const next = task(limited, 'ready', { DesiredState: 'ready' });
    expect(judge(limited, [...failed.slice(1), next], nodes).permanentFailure).toBeUndefined();
    expect(judge(limited, [...failed, next], nodes).permanentFailure?.why).toContain('keeps failing: 2 times so far');
  });

  it('without any node that fits is reported', () => {
    const nowhere = service({ GlobalJob: {} }, {}, { constraints: ['node.labels.disk == tape'] });
    expect(judge(nowhere, [], nodes).permanentFailure?.why).toBe(
      "can't run: no suitable node (no active node fits its constraints)",
    );
  });
});

describe('a global service whose tasks may end', () => {
  const plain = (of: SwarmService, state: string, rest: Parameters<typeof task>[2] = {}) => {
    const { JobIteration: _none, ...one } = task(of, state, { DesiredState: 'shutdown', ...rest });
    return one;
  };

  it.each(['none', 'on-failure'])('has converged when it ended on every node (restart condition %s)', (Condition) => {
    const once = service({ Global: {} }, { Condition });
    const ends = [plain(once, 'complete'), plain(once, 'complete', { NodeID: 'n2' })];
    expect(judge(once, ends, nodes)).toMatchObject({ desired: 2, completed: 2, waitingFor: '' });
    expect(judge(once, ends.slice(1), nodes).waitingFor).toBe('1/2 running');
    expect(judge(once, [...ends.slice(1), plain(once, 'running', { DesiredState: 'running' })], nodes).waitingFor).toBe(
      '',
    );
  });

  it('has failed with its exit code once a node’s task failed for good', () => {
    const once = service({ Global: {} }, { Condition: 'on-failure', MaxAttempts: 2 });
    const failed = [1, 2, 3].map((exit) => plain(once, 'failed', { exit, NodeID: 'n2' }));
    const elsewhere = plain(once, 'complete');
    expect(judge(once, [elsewhere, ...failed], nodes).permanentFailure?.why).toBe(
      'has a task that failed, and its restarts are used up (maxAttempts 2); a task is failed: task: non-zero exit (3) (exit code 3)',
    );
    const next = plain(once, 'starting', { NodeID: 'n2', DesiredState: 'running' });
    expect(judge(once, [elsewhere, ...failed.slice(1), next], nodes).permanentFailure).toBeUndefined();
  });
});

describe('a service whose tasks have to complete, as others depend on that', () => {
  const running = (of: SwarmService, state: string, slot: number): SwarmTask => {
    const { JobIteration: _none, ...one } = task(of, state, { Slot: slot });
    return { ...one, DesiredState: state === 'running' ? 'running' : 'shutdown' };
  };

  it('has not converged while they run', () => {
    const once = service({ Replicated: { Replicas: 2 } }, { Condition: 'on-failure' });
    const tasks = [running(once, 'complete', 1), running(once, 'running', 2)];
    expect(judge(once, tasks, nodes).waitingFor).toBe('');
    expect(judge(once, tasks, nodes, { complete: true })).toMatchObject({
      waitingFor: '1/2 complete, 1 running',
      working: true,
    });
  });

  it('can never converge if they are restarted whenever they end', () => {
    const web = service({ Replicated: { Replicas: 1 } });
    expect(judge(web, [running(web, 'running', 1)], nodes, { complete: true }).permanentFailure?.why).toBe(
      "never completes: its tasks are restarted whenever they end, as it isn't a job",
    );
  });

  it('is not held up by the end of a slot that it no longer has', () => {
    const once = service({ Replicated: { Replicas: 1 } }, { Condition: 'none' });
    const gone = { ...running(once, 'complete', 2), DesiredState: 'remove' };
    expect(judge(once, [running(once, 'complete', 1), gone], nodes).waitingFor).toBe('');
  });
});

describe('a service with a limit of restarts', () => {
  it('has failed once one of its slots stays empty, even if its tasks end without an error', () => {
    const web = service({ Replicated: { Replicas: 2 } }, { Condition: 'any', MaxAttempts: 1 });
    const { JobIteration: _none, ...ended } = task(web, 'complete', { Slot: 1, DesiredState: 'shutdown' });
    const { JobIteration: _no, ...other } = task(web, 'running', { Slot: 2, DesiredState: 'running' });
    expect(judge(web, [ended, other], nodes).permanentFailure?.why).toBe(
      'has a task that ended, and its restarts are used up (maxAttempts 1); a task is complete',
    );
  });
});
