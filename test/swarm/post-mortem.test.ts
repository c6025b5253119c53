import { describe, expect, it } from 'vitest';
import type { Engine } from '../../lib/contracts/engine.ts';
import type { SwarmService, SwarmTask } from '../../lib/contracts/swarm-types.ts';
import { errorsOf, worldWithRegistry } from '../support/worlds.ts';
import { clusterOf, fullText } from '../support/cluster.ts';
import { containerOf } from '../fakes/ending.ts';
import { strict } from '../fakes/strict.ts';
import type { FakeWorld } from '../fakes/world.ts';
import { examine } from '../../lib/swarm/post-mortem.ts';
import { SwarmupError } from '../../lib/util/errors.ts';

const base = 'name: t\nprovider: { type: qemu }\nnodes: { managers: 1, workers: 1 }\n';

/** A world in which the service web fails with these exit codes, and what it printed. */
async function failed(exit: number, prepare: (world: FakeWorld) => void = () => undefined) {
  const world = worldWithRegistry();
  world.swarm.ends.set('web', () => exit);
  prepare(world);
  const cluster = await clusterOf(
    `${base}services: { web: { image: nginx, replicas: 1, constraints: [node.role == worker] } }\n`,
  );
  const result = await world.run('up', cluster);
  const error = result.units.find(({ task }) => task === 'deploy-services')?.error;
  return { world, result, error, postMortem: error?.postMortem };
}

const print = (world: FakeWorld, ...lines: string[]) =>
  world.swarm.printed.push(...lines.map((line): [2, string] => [2, `2026-11-23T10:00:00.000000001Z ${line}\n`]));

describe('the post-mortem of a service', () => {
  it('has the task with its node, exit code, history and log', async () => {
    const { error, postMortem } = await failed(1, (world) => print(world, 'cannot open /nope'));
    expect(error?.code).toBe('SERVICE_FAILED');
    expect(error?.output).toContain('cannot open /nope');
    expect(postMortem).toMatchObject({
      service: 'web',
      cause: 'its program ended with exit code 1',
      refusals: [],
      unknown: [],
    });
    const [task] = postMortem!.tasks;
    expect(task).toMatchObject({
      name: 'web.1',
      state: 'failed',
      error: 'task: non-zero exit (1)',
      exitCode: 1,
      alike: 0,
    });
    expect(task?.node).toBe('worker1');
    expect(task?.log).toContain('cannot open /nope');
    expect(task!.history.length).toBeGreaterThan(1);
    expect(task!.history.every((one) => one.exitCode === 1 && one.state === 'failed')).toBe(true);
    expect(postMortem?.next[0]).toBe('swarmup logs web');
    expect(postMortem?.next.at(-1)).toMatch(/^swarmup ssh worker1 -- sudo docker inspect 0{2,}/);
  });

  it('tells a kill for memory from other kills, and shows the health check', async () => {
    const Log = [1, 2, 3, 4].map((n) => ({
      Start: `2026-11-23T10:00:0${n}Z`,
      End: `2026-11-23T10:00:0${n}.5Z`,
      ExitCode: 1,
      Output: `try ${n}\ncurl: (7) Failed to connect\n`,
    }));
    const { error, postMortem } = await failed(137, ({ swarm }) =>
      swarm.containers.set('web', { OOMKilled: true, Health: { Status: 'unhealthy', FailingStreak: 4, Log } }),
    );
    expect(postMortem?.tasks[0]).toMatchObject({
      exit: 'killed for memory: it used more than its limit',
      health: [2, 3, 4].map((n) => ({
        at: `2026-11-23T10:00:0${n}.5Z`,
        exitCode: 1,
        output: `try ${n}\ncurl: (7) Failed to connect`,
      })),
    });
    expect(error?.fix).toContain('limits.memory');
    const other = await failed(137);
    expect(other.postMortem?.tasks[0]?.exit).toContain('not for its memory limit');
  });

  it('keeps the failure when nothing else answers', async () => {
    const { error, postMortem } = await failed(1, ({ swarm }) => {
      const docker = swarm.docker.bind(swarm);
      swarm.docker = (name) =>
        Object.assign(docker(name), {
          getTask: () => strict('task', {}),
          getContainer: () => ({ inspect: async () => Promise.reject(new Error('No such container: x')) }),
        });
    });
    expect(error?.message).toContain('service web');
    expect(error?.message).toContain('exit code 1');
    expect(postMortem?.unknown).toEqual([
      expect.stringMatching(/^log of web\.1: /),
      expect.stringMatching(/^container of web\.1 on worker1: .*No such container/),
    ]);
    expect(postMortem?.tasks[0]).toMatchObject({ exitCode: 1, state: 'failed' });
  });

  it('does not wait for a node that never answers, and asks none that is down', async () => {
    const { world } = await failed(1);
    const service = world.swarm.services.find(({ Spec }) => Spec.Name === 'web')!;
    const culprit = world.swarm.tasks.find(({ ServiceID }) => ServiceID === service.ID)!;
    const manager = await world.context(await clusterOf(base)).remote.engine('manager1', new AbortController().signal);
    const never = new Promise<Engine>(() => undefined);
    const options = { manager, engine: () => never, signal: new AbortController().signal, withinMs: 50 };
    const { postMortem } = await examine({ service, culprit, nowhere: false }, options);
    expect(postMortem.unknown).toEqual([
      expect.stringMatching(/^container of web\.1 on worker1: no answer within 0 s$/),
    ]);
    world.swarm.nodes.forEach((node, i) => {
      if (node.ID === culprit.NodeID) world.swarm.nodes[i] = { ...node, Status: { ...node.Status, State: 'down' } };
    });
    const asked = () => Promise.reject(new Error('asked a node that is down'));
    const down = await examine({ service, culprit, nowhere: false }, { ...options, engine: asked });
    expect(down.postMortem.unknown).toEqual([
      expect.stringMatching(/^log and health check of web\.1: worker1 is down$/),
    ]);
    expect(down.postMortem.tasks[0]).toMatchObject({ nodeState: 'down', exitCode: 1 });
  });

  it('ends with the managers’ words when not even they answer', async () => {
    const { world } = await failed(1);
    const service = world.swarm.services.find(({ Spec }) => Spec.Name === 'web')!;
    const culprit = world.swarm.tasks.find(({ ServiceID }) => ServiceID === service.ID)!;
    const call = async () => Promise.reject(new SwarmupError('SWARM_NO_QUORUM', 'no leader', { fix: '' }));
    const manager = strict<Engine>('manager', { node: 'manager1', call });
    const options = { manager, engine: async () => manager, signal: new AbortController().signal };
    const { postMortem } = await examine({ service, culprit, nowhere: true }, options);
    expect(postMortem.unknown[0]).toBe('the tasks: no leader');
    expect(postMortem.tasks[0]).toMatchObject({ state: 'failed', exitCode: 1 });
  });

  it('asks nobody about a task that never had a container', async () => {
    const { world } = await failed(1);
    const service = world.swarm.services.find(({ Spec }) => Spec.Name === 'web')!;
    const Err = 'invalid mount config for type "bind": bind source path does not exist: /srv/site';
    world.swarm.tasks = world.swarm.tasks.map((task) =>
      task.ServiceID === service.ID
        ? {
            ...task,
            DesiredState: 'shutdown',
            Status: { State: 'rejected', Err, ContainerStatus: { ContainerID: '', ExitCode: 0 } },
          }
        : task,
    );
    const manager = await world.context(await clusterOf(base)).remote.engine('manager1', new AbortController().signal);
    const culprit = world.swarm.tasks.find(({ ServiceID }) => ServiceID === service.ID)!;
    const engine = () => Promise.reject(new Error('asked'));
    const options = { manager, engine, signal: new AbortController().signal };
    const { postMortem, advice } = await examine({ service, culprit, nowhere: false }, options);
    expect(postMortem.unknown).toEqual([]);
    expect(postMortem.tasks[0]).not.toHaveProperty('exitCode');
    expect(postMortem.cause).toBe('worker1 has no /srv/site, which the service mounts');
    expect(advice?.fix).toContain('swarmup exec --node worker1 -- sudo mkdir -p /srv/site');
    expect(postMortem.next).toEqual([
      'swarmup ssh manager1 -- sudo docker service ps --no-trunc web',
      'swarmup status',
    ]);
  });

  it('bounds what a container and an engine may say', async () => {
    const { postMortem } = await failed(1, (world) => {
      print(
        world,
        ...Array.from({ length: 40 }, (_, i) => `line ${i} ${'x'.repeat(i * 100)}`),
        `last ${'y '.repeat(9000)}`,
      );
      const Log = [{ Start: '', End: '', ExitCode: 1, Output: 'word '.repeat(4000) }];
      world.swarm.containers.set('web', { Health: { Status: 'unhealthy', FailingStreak: 1, Log } });
    });
    expect(postMortem?.tasks[0]?.log?.length).toBeLessThanOrEqual(4000);
    expect(postMortem?.tasks[0]?.health[0]?.output.length).toBeLessThanOrEqual(1000);
  });

  it('comes with a wait that took too long: what it waited for, and why', async () => {
    const Log = [{ Start: '', End: '2026-11-23T10:00:01Z', ExitCode: 1, Output: 'not yet' }];
    const { error, postMortem } = await failed(1, ({ swarm }) => {
      swarm.ends.clear();
      swarm.slow.add('web');
      swarm.containers.set('web', { Health: { Status: 'starting', FailingStreak: 0, Log } });
    });
    expect(error?.code).toBe('TIMED_OUT');
    expect(error?.message).toContain('last seen: web: 0/1 running, 1 starting');
    expect(postMortem?.tasks).toMatchObject([
      { name: 'web.1', node: 'worker1', state: 'starting', health: [{ exitCode: 1, output: 'not yet' }] },
    ]);
  });

  it('says what each node lacks when no node has room, with the fix for that', async () => {
    const world = worldWithRegistry();
    world.swarm.memory.set('worker1', 2 ** 30);
    world.swarm.memory.set('manager1', 2 ** 29);
    const text = `services: { web: { image: nginx, replicas: 3, reservations: { memory: 512MiB }, constraints: [node.role == worker] } }\n`;
    const result = await world.run('up', await clusterOf(base + text));
    const error = result.units.find(({ task }) => task === 'deploy-services')?.error;
    expect(error?.message).toBe(
      'service web has room for only 2 of 3 tasks: no suitable node (scheduling constraints not satisfied on 1 node; insufficient resources on 1 node)',
    );
    expect(error?.postMortem?.refusals).toEqual([
      { node: 'manager1', reasons: ['constraint node.role == worker, is manager'] },
      { node: 'worker1', reasons: ['1 GiB of 1 GiB memory reserved, 512 MiB wanted'] },
    ]);
    expect(error?.postMortem?.tasks[0]).toMatchObject({ name: 'web.3', state: 'pending' });
    expect(error?.fix).toMatch(
      /^Correct the service's constraints, or the labels of a node; or lower its reservations/,
    );
  });

  it('tells of a job, and of a stack’s service', async () => {
    const world = worldWithRegistry();
    world.swarm.ends.set('migrate', () => 2);
    const text = 'services: { migrate: { image: nginx, mode: replicated-job, restart: { condition: none } } }\n';
    const result = await world.run('up', await clusterOf(base + text));
    const error = result.units.find(({ task }) => task === 'deploy-services')?.error;
    expect(error?.postMortem?.tasks[0]).toMatchObject({ name: expect.stringMatching(/^migrate\./), exitCode: 2 });
    const stack = worldWithRegistry();
    stack.swarm.ends.set('portainer_portainer', () => 3);
    const failing = await stack.run('up', await clusterOf(fullText(1, 1)));
    const found = failing.units.find(({ task }) => task === 'deploy-stacks')?.error;
    expect(found?.postMortem).toMatchObject({ service: 'portainer_portainer', tasks: [{ exitCode: 3 }] });
    expect(errorsOf(failing).length).toBeGreaterThan(0);
  });
});

describe('the tasks that are told of', () => {
  const service: SwarmService = {
    ID: 's',
    Version: { Index: 1 },
    Spec: { Name: 'web', TaskTemplate: { ContainerSpec: { Image: 'nginx:2' } }, Mode: { Replicated: { Replicas: 3 } } },
  };
  const task = (id: string, slot: number, err: string, image = 'nginx:2'): SwarmTask => ({
    ID: id,
    Version: { Index: 1 },
    CreatedAt: `2026-01-01T00:00:0${id}Z`,
    ServiceID: 's',
    NodeID: 'n1',
    Slot: slot,
    DesiredState: 'shutdown',
    Spec: { ContainerSpec: { Image: image } },
    Status: { State: 'failed', Err: err, ContainerStatus: { ContainerID: containerOf({ ID: id }), ExitCode: 1 } },
  });

  it('stand for others with the same error, leave out earlier versions, and begin with the culprit', async () => {
    const { representatives } = await import('../../lib/swarm/failed-tasks.ts');
    const tasks = [
      task('1', 1, 'old', 'nginx:1'),
      task('2', 1, 'network 9kq3v8m2h0s7d1f5g6j4l2z8x not found'),
      task('3', 2, 'network 8kq3v8m2h0s7d1f5g6j4l2z8y not found'),
      task('4', 3, 'another'),
    ];
    const found = representatives(service, tasks, tasks[1]);
    expect(found.map((one) => [one.task.ID, one.alike])).toEqual([
      ['2', 1],
      ['4', 0],
    ]);
    expect(representatives(service, tasks, tasks[0]).map((one) => one.task.ID)).toEqual(['1']);
  });
});
