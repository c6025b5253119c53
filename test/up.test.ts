import { describe, expect, it } from 'vitest';
import { pipelines } from '../Taskfile.ts';
import { step } from '../lib/contracts/change.ts';
import { sentenceOf } from '../lib/contracts/change-sentence.ts';
import type { RunResult } from '../lib/contracts/events.ts';
import { hasCode, SwarmupError } from '../lib/util/errors.ts';
import { FakeWorld } from './fakes/world.ts';
import { clusterOf, fullText } from './support/cluster.ts';
import { worldWithRegistry } from './support/worlds.ts';

function outcomes(result: RunResult): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const unit of result.units) counts[unit.outcome] = (counts[unit.outcome] ?? 0) + 1;
  return counts;
}

function expectOk(result: RunResult): void {
  expect(
    result.units
      .filter((unit) => unit.error)
      .map((unit) => `${unit.task}@${unit.target}: ${unit.error?.message}\n${unit.error?.output ?? ''}`),
  ).toEqual([]);
  expect(result.ok).toBe(true);
}

describe('up', () => {
  it('brings a cluster up, and a second run changes nothing', async () => {
    const world = worldWithRegistry();
    const cluster = await clusterOf(fullText(3, 2));
    expectOk(await world.run('up', cluster));
    expect(world.swarm.nodes.map((node) => node.Spec.Role)).toEqual(
      expect.arrayContaining(['manager', 'manager', 'manager', 'worker', 'worker']),
    );
    expect(world.swarm.tasks.filter((task) => task.Status.State === 'running')).toHaveLength(3 + 5 + 1);
    const writes = world.swarm.writes.length;

    const second = await world.run('up', cluster);
    expectOk(second);
    expect(second.changed).toBe(0);
    expect(outcomes(second)).toEqual({ unchanged: second.units.length });
    expect(world.swarm.writes).toHaveLength(writes);
  });

  it('installs Docker where it is missing', async () => {
    const world = worldWithRegistry();
    world.bare = true;
    const result = await world.run('up', await clusterOf(fullText(1, 1)));
    expectOk(result);
    expect(result.units.filter((unit) => unit.task === 'install-docker').map((unit) => unit.outcome)).toEqual([
      'changed',
      'changed',
    ]);
  });

  it('does not depend on the order that the pipeline lists its tasks in', async () => {
    const cluster = await clusterOf(fullText(3, 2));
    for (const shuffle of [
      (ids: string[]) => ids.toReversed(),
      (ids: string[]) => [...ids.slice(6), ...ids.slice(0, 6)],
      (ids: string[]) => ids.toSorted(),
    ]) {
      const world = worldWithRegistry();
      world.bare = true;
      expectOk(await world.run('up', cluster, { shuffle }));
    }
  });

  it('joins managers one at a time', async () => {
    const world = worldWithRegistry();
    await world.run('up', await clusterOf(fullText(5, 0)));
    let running = 0;
    for (const event of world.events) {
      if (event.type === 'unit-started' && event.unit.task === 'join-managers') expect(++running).toBe(1);
      if (event.type === 'unit-finished' && event.unit.task === 'join-managers') running--;
    }
  });

  it('has a unit for every step of the pipeline', async () => {
    const world = worldWithRegistry();
    const result = await world.run('up', await clusterOf(fullText(3, 2)));
    expect(new Set(result.units.map((unit) => unit.task))).toEqual(
      // Machines created by swarmup need no upgrade; newer images are looked up with --pull only.
      new Set(pipelines.up.filter((id) => !['upgrade-docker', 'roll-images'].includes(id))),
    );
  });

  it('updates a changed service to match the file, and names the change', async () => {
    const world = worldWithRegistry();
    await world.run('up', await clusterOf(fullText(1, 2)));
    const changed = await world.run('up', await clusterOf(fullText(1, 2).replace('replicas: 3', 'replicas: 5')));
    expectOk(changed);
    expect(changed.changed).toBe(1);
    expect(changed.units.flatMap((unit) => unit.changes.map(sentenceOf))).toEqual(['service web: replicas 3 → 5']);
  });

  it('skips an optional stack and builds nothing when the registry is unreachable, with one warning', async () => {
    const world = new FakeWorld();
    const text = fullText(1, 2)
      .replace('portainer.yml,', 'portainer.yml, whenUnreachable: skip,')
      .replace('image: nginx', 'image: local/web');
    world.fault = () => {
      for (const engine of world.swarm.engines.values()) engine.images.set('local/web:latest', ['sha256:x']);
    };
    const result = await world.run('up', await clusterOf(text));
    expectOk(result);
    expect(result.warnings).toHaveLength(1);
    const skipped = result.units
      .filter((unit) => unit.outcome === 'skipped')
      .map((unit) => `${unit.task}@${unit.target}`);
    expect(skipped.toSorted()).toEqual([
      'deploy-stacks@portainer',
      'set-up-portainer@cluster',
      'verify-http@manager1:9000',
      'verify-http@worker1:9000',
      'verify-http@worker2:9000',
    ]);
    expect(result.units.find((unit) => unit.task === 'deploy-stacks')?.reason).toContain('images.load');
  });

  it('fails when a required image is unavailable', async () => {
    const world = new FakeWorld();
    const result = await world.run('up', await clusterOf(fullText(1, 0)));
    expect(result.ok).toBe(false);
    const failed = result.units.find((unit) => unit.task === 'pull-images');
    expect(failed?.error?.code).toBe('IMAGE_UNREACHABLE');
    expect(failed?.error?.fix).toContain('images.load');
    expect(result.units.find((unit) => unit.task === 'deploy-services')).toMatchObject({
      outcome: 'skipped',
      reason: 'needs pull-images@manager1, which failed',
    });
  });

  it('never creates a second swarm beside one that a configured node belongs to', async () => {
    const world = worldWithRegistry();
    await world.run('up', await clusterOf(fullText(1, 1)));
    world.machines.delete('manager1');
    world.swarm.remove('manager1');
    const result = await world.run('up', await clusterOf(fullText(1, 1)));
    expect(result.units.find((unit) => unit.task === 'init-manager')?.error?.code).toBe('SWARM_ELSEWHERE');
    expect(world.swarm.writes.filter((write) => write.startsWith('swarm init'))).toEqual(['swarm init manager1']);
  });

  it('leaves a node of another swarm alone', async () => {
    const world = worldWithRegistry();
    const cluster = await clusterOf(fullText(1, 1));
    await world.run('up', cluster);
    const other = world.swarm.engines.get('worker1');
    if (other) other.foreign = true;
    const writes = world.swarm.writes.length;
    const result = await world.run('up', cluster);
    expect(result.units.find((unit) => unit.task === 'join-workers')?.error?.code).toBe('SWARM_FOREIGN');
    expect(world.swarm.writes).toHaveLength(writes);
  });

  it('finishes running units after a failure, starts no more, and lists what was not done', async () => {
    const world = worldWithRegistry();
    world.fault = (what) => {
      if (what === 'create worker2')
        throw new SwarmupError('MACHINE_FAILED', 'worker2 did not start', { fix: 'try again' });
    };
    const cluster = await clusterOf(fullText(1, 2));
    const result = await world.run('up', cluster);
    expect(result.ok).toBe(false);
    expect(result.units.find((unit) => unit.task === 'provision' && unit.target === 'worker2')?.outcome).toBe('failed');
    expect(result.units.find((unit) => unit.task === 'install-docker' && unit.target === 'worker2')?.reason).toBe(
      'needs provision@worker2, which failed',
    );
    world.fault = () => undefined;
    expectOk(await world.run('up', cluster));
  });

  it('waits for a machine that is still booting after a run was cut off', async () => {
    const world = worldWithRegistry();
    const cluster = await clusterOf(fullText(1, 1));
    await world.run('up', cluster);
    world.booting.set('worker1', 3);
    const plan = await world.run('up', cluster, { mode: 'plan' });
    expect(plan.units.flatMap((unit) => unit.changes.map(sentenceOf))).toEqual(['wait until worker1 answers']);
    expectOk(await world.run('up', cluster));
    expect(world.booting.get('worker1')).toBe(0);
  });

  it('waits for a new machine that sends its SSH greeting long before it accepts a login', async () => {
    const world = worldWithRegistry();
    const cluster = await clusterOf(fullText(1, 1));
    world.fault = (what) => {
      if (what === 'create worker1') world.booting.set('worker1', 5);
    };
    expectOk(await world.run('up', cluster));
    expect(world.booting.get('worker1')).toBe(0);
  });

  it('stops when interrupted, and a second run converges', async () => {
    const world = worldWithRegistry();
    const cluster = await clusterOf(fullText(1, 2));
    const controller = new AbortController();
    world.fault = (what) => {
      if (what === 'create worker1') controller.abort();
    };
    const result = await world.run('up', cluster, { signal: controller.signal });
    expect(result).toMatchObject({ ok: false, interrupted: true });
    expect(result.units.some((unit) => unit.reason === 'interrupted before it started')).toBe(true);
    world.fault = () => undefined;
    expectOk(await world.run('up', cluster));
  });
});

describe('a plan', () => {
  it('for a new cluster lists everything, and touches nothing', async () => {
    const world = worldWithRegistry();
    const result = await world.run('up', await clusterOf(fullText(1, 2)), { mode: 'plan' });
    expectOk(result);
    expect(world.machines.size).toBe(0);
    expect(world.swarm.writes).toEqual([]);
    const summaries = result.units.flatMap((unit) => unit.changes.map(sentenceOf));
    expect(summaries).toEqual(
      expect.arrayContaining([
        'machine worker2',
        'Docker from the distribution',
        'swarm on manager1',
        'worker1 joins as worker',
        'service web: nginx, 3 replicas',
        'stack portainer: agent, portainer',
      ]),
    );
  });

  it('for a converged cluster is empty', async () => {
    const world = worldWithRegistry();
    const cluster = await clusterOf(fullText(3, 2));
    await world.run('up', cluster);
    const result = await world.run('up', cluster, { mode: 'plan' });
    expectOk(result);
    expect(result.units.flatMap((unit) => unit.changes)).toEqual([]);
  });

  it('says what is known later when a machine is powered off', async () => {
    const world = worldWithRegistry();
    const cluster = await clusterOf(fullText(1, 2));
    await world.run('up', cluster);
    const machine = world.machines.get('worker1');
    if (machine) world.machines.set('worker1', { ...machine, state: 'stopped' });
    const result = await world.run('up', cluster, { mode: 'plan' });
    expectOk(result);
    expect(result.units.find((unit) => unit.task === 'provision' && unit.target === 'worker1')?.changes).toEqual([
      step(['machines', 'worker1'], 'start'),
    ]);
    expect(result.units.find((unit) => unit.task === 'install-docker' && unit.target === 'worker1')?.reason).toBe(
      'known after provision@worker1',
    );
  });
});

describe('a stopped engine', () => {
  it('is started, and a plan does not report it as missing', async () => {
    const world = worldWithRegistry();
    const cluster = await clusterOf(fullText(1, 2));
    await world.run('up', cluster);
    const engine = world.swarm.engines.get('worker2')!;
    engine.stopped = true;
    const plan = await world.run('up', cluster, { mode: 'plan' });
    expectOk(plan);
    expect(plan.units.flatMap((unit) => unit.changes.map(sentenceOf))).toEqual(['start the Docker Engine']);
    expect(plan.units.find((unit) => unit.task === 'join-workers' && unit.target === 'worker2')?.reason).toBe(
      'known after install-docker@worker2',
    );
    expectOk(await world.run('up', cluster));
    expect(engine.stopped).toBe(false);
  });
});

describe('verify', () => {
  it('passes on a converged cluster, and fails on a drifted one without changing anything', async () => {
    const world = worldWithRegistry();
    const cluster = await clusterOf(fullText(1, 2));
    await world.run('up', cluster);
    expectOk(await world.run('verify', cluster, { mode: 'check' }));
    const drifted = await world.run('verify', await clusterOf(fullText(1, 2).replace('replicas: 3', 'replicas: 4')), {
      mode: 'check',
    });
    expect(drifted.ok).toBe(false);
    const failed = drifted.units.find((unit) => unit.outcome === 'failed');
    expect(failed?.error?.code).toBe('NOT_AS_CONFIGURED');
    expect(failed?.error?.message).toContain('replicas 3 → 4');
  });

  it('fails on a wrong page, and quotes the answer', async () => {
    const world = worldWithRegistry();
    const text = fullText(1, 1).replace('body: Welcome', 'body: Goodbye');
    const result = await world.run('up', await clusterOf(text));
    const failed = result.units.find((unit) => unit.task === 'verify-http' && unit.outcome === 'failed');
    expect(failed?.error?.code).toBe('HTTP_CHECK_FAILED');
    expect(failed?.error?.message).toContain("the body lacks 'Goodbye'");
  });
});

describe('roles and labels', () => {
  const nodes = (second: string) => `name: test
provider: { type: qemu }
nodes:
  - { name: a, role: manager }
  - { name: b, ${second} }
`;

  it('follow the file: a worker is promoted, labels set by others stay', async () => {
    const world = worldWithRegistry();
    await world.run('up', await clusterOf(nodes('role: worker, labels: { zone: x }')));
    const find = () => world.swarm.nodes.findIndex((node) => node.Description.Hostname === 'b');
    const node = world.swarm.nodes[find()]!;
    world.swarm.nodes[find()] = { ...node, Spec: { ...node.Spec, Labels: { ...node.Spec.Labels, theirs: 'y' } } };
    const promoted = await world.run('up', await clusterOf(nodes('role: manager, labels: { zone: z }')));
    expectOk(promoted);
    expect(promoted.units.flatMap((unit) => unit.changes.map(sentenceOf))).toEqual([
      'b: role worker → manager',
      'b: label zone=z',
    ]);
    expect(world.swarm.nodes[find()]?.Spec).toMatchObject({ Role: 'manager', Labels: { zone: 'z', theirs: 'y' } });
  });

  it('change places: managers are promoted before others are demoted, and the leader is the last', async () => {
    const world = worldWithRegistry();
    const roles = (...list: string[]) =>
      clusterOf(
        `name: test\nprovider: { type: qemu }\nnodes:\n${list.map((role, i) => `  - { name: ${'abcde'[i]}, role: ${role} }\n`).join('')}`,
      );
    await world.run('up', await roles('manager', 'manager', 'manager', 'worker', 'worker'));
    world.swarm.writes.length = 0;
    const swapped = await roles('worker', 'worker', 'manager', 'manager', 'manager');
    expectOk(await world.run('up', swapped));
    expect(world.swarm.writes.filter((write) => write.startsWith('node update'))).toEqual([
      'node update d',
      'node update e',
      'node update b',
      'node update a',
    ]);
    const managers = world.swarm.nodes.filter(({ ManagerStatus }) => ManagerStatus);
    expect(managers.map((one) => one.Description.Hostname).toSorted()).toEqual(['c', 'd', 'e']);
    expect((await world.run('up', swapped)).changed).toBe(0);
  });

  it('stay unchanged where the majority would be lost, with the arithmetic', async () => {
    const world = worldWithRegistry();
    const three = `${nodes('role: manager')}  - { name: c, role: manager }\n`;
    await world.run('up', await clusterOf(three));
    world.swarm.lose('b');
    const demoting = three.replace('name: a, role: manager', 'name: a, role: worker');
    const result = await world.run('up', await clusterOf(demoting));
    expect(result.units.find(({ task }) => task === 'set-roles')?.error).toMatchObject({
      code: 'QUORUM_AT_RISK',
      message: 'without a only 1 of 2 managers would be reachable, and 2 are needed for a majority',
      fix: expect.stringMatching(
        /^Bring b \(down since [-\d]+ [\d:]+ UTC\) back first \(swarmup up\), or add managers\.$/,
      ),
    });
    expect(world.swarm.nodes.map(({ Spec }) => Spec.Role)).toEqual(['manager', 'manager', 'manager']);
  });
});

describe('drain and down', () => {
  it('drains a node until nothing runs there', async () => {
    const world = worldWithRegistry();
    const cluster = await clusterOf(fullText(1, 2));
    await world.run('up', cluster);
    const drained = {
      ...cluster,
      nodes: cluster.nodes.map((node) =>
        node.name === 'worker1' ? { ...node, availability: 'drain' as const } : node,
      ),
    };
    expectOk(await world.run('availability', drained, { selection: { nodes: ['worker1'] } }));
    const id = world.swarm.nodes.find((node) => node.Description.Hostname === 'worker1')?.ID;
    expect(world.swarm.tasks.filter((task) => task.NodeID === id)).toEqual([]);
    // Portainer then has an agent less, as expected.
    expectOk(await world.run('up', drained));
  });

  it('removes one machine when it is named, and leaves the shared resources', async () => {
    const world = worldWithRegistry();
    const cluster = await clusterOf(fullText(1, 2));
    await world.run('up', cluster);
    const result = await world.run('down', cluster, { selection: { nodes: ['worker2'] } });
    expectOk(result);
    expect([...world.machines.keys()]).toEqual(['manager1', 'worker1']);
    expect(result.units.find((unit) => unit.task === 'clean-up')).toMatchObject({
      outcome: 'skipped',
      reason: 'machines are left: manager1, worker1',
    });
    const alone = await world.run('down', cluster, { selection: { only: ['clean-up'] } });
    expect(alone.units[0]?.error?.code).toBe('PREREQUISITE_MISSING');
  });

  it('removes everything, and has nothing to do after that', async () => {
    const world = worldWithRegistry();
    const cluster = await clusterOf(fullText(1, 2));
    await world.run('up', cluster);
    expectOk(await world.run('down', cluster));
    expect(world.machines.size).toBe(0);
    expect((await world.run('down', cluster)).changed).toBe(0);
  });
});

describe('hasCode', () => {
  it('finds an error by its code', () => {
    expect(hasCode(new SwarmupError('USAGE', 'x', { fix: 'y' }), 'USAGE')).toBe(true);
    expect(hasCode(new Error('USAGE'), 'USAGE')).toBe(false);
  });
});
