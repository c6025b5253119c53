import { describe, expect, it } from 'vitest';
import { sentenceOf } from '../lib/contracts/change-sentence.ts';
import { managedKeys, markedLabels, type Labels } from '../lib/swarm/labels.ts';
import { clusterOf, fullText } from './support/cluster.ts';
import { errorsOf, worldWithRegistry } from './support/worlds.ts';

const text = (nodes: string, rest = "  web: { image: nginx, ports: ['80:80'] }\n") =>
  `name: test\nprovider: { type: qemu }\nnodes:\n${nodes}services:\n${rest}`;
const A = '  - { name: a, role: manager }\n';
const B = '  - { name: b, role: worker, labels: { zone: x, disk: ssd } }\n';
const C = '  - { name: c, role: manager }\n';

describe('what is no longer in the cluster file', () => {
  const before = text(
    A + B + C,
    "  web: { image: nginx, ports: ['80:80'] }\n  old: { image: nginx, ports: ['81:80'] }\n",
  );
  const after = text(
    `${A}  - { name: b, role: worker, labels: { disk: ssd } }\n`,
    "  new: { image: nginx, ports: ['81:80'] }\n  web: { image: nginx, ports: ['80:80'] }\n",
  );
  const removals = ['b: label zone', 'service old', 'node c and its machine'];

  it('is in a plan, marked as prune', async () => {
    const world = worldWithRegistry();
    await world.run('up', await clusterOf(before));
    const plan = await world.run('up', await clusterOf(after), { mode: 'plan' });
    const planned = plan.units.flatMap((unit) => unit.changes);
    expect(
      planned
        .filter((change) => change.prune)
        .map(sentenceOf)
        .toSorted(),
    ).toEqual(removals.toSorted());
    expect(planned.every((change) => change.action === 'remove' || !change.prune)).toBe(true);
  });

  it('stays without --prune, with a warning on every run', async () => {
    const world = worldWithRegistry();
    await world.run('up', await clusterOf(before));
    const next = text(`${A}  - { name: b, role: worker }\n`);
    for (let i = 0; i < 2; i++) {
      const result = await world.run('up', await clusterOf(next));
      expect(errorsOf(result)).toEqual([]);
      expect(result.changed).toBe(0);
      expect(result.warnings.toSorted()).toEqual(
        ['b: label disk', 'b: label zone', 'node c and its machine', 'service old'].map(
          (summary) => `no longer in the cluster file: ${summary}; 'swarmup up --prune' removes it`,
        ),
      );
    }
    expect(world.machines.has('c')).toBe(true);
    expect(world.swarm.services.map((service) => service.Spec.Name)).toEqual(['web', 'old']);
  });

  it('is removed with --prune, before its replacement is created, and nothing else is', async () => {
    const world = worldWithRegistry();
    await world.run('up', await clusterOf(before));
    const b = world.swarm.nodes.findIndex((node) => node.Description.Hostname === 'b');
    const node = world.swarm.nodes[b]!;
    world.swarm.nodes[b] = { ...node, Spec: { ...node.Spec, Labels: { ...node.Spec.Labels, theirs: 'y' } } };
    world.swarm.services.push({
      ...structuredClone(world.swarm.services[0]!),
      ID: 'by-hand',
      Spec: { Name: 'theirs', TaskTemplate: { ContainerSpec: { Image: 'nginx' } }, Mode: {} },
    });

    world.swarm.writes.length = 0;
    const result = await world.run('up', await clusterOf(after), { prune: true });
    expect(errorsOf(result)).toEqual([]);
    expect(result.warnings).toEqual([]);
    expect(world.swarm.services.map((service) => service.Spec.Name).toSorted()).toEqual(['new', 'theirs', 'web']);
    expect([...world.machines.keys()]).toEqual(['a', 'b']);
    expect(world.swarm.nodes.map((one) => one.Description.Hostname)).toEqual(['a', 'b']);
    expect(world.swarm.nodes[1]?.Spec.Labels).toEqual({
      disk: 'ssd',
      theirs: 'y',
      'swarmup.cluster': 'test',
      'swarmup.labels': 'disk',
    });
    const { writes } = world.swarm;
    expect(writes.indexOf('service remove old')).toBeLessThan(writes.indexOf('service create new'));
    expect(writes.filter((write) => /leave|remove c|update c/.test(write))).toEqual([
      'node update c',
      'node update c',
      'swarm leave c',
      'node remove c',
    ]);
    const again = await world.run('up', await clusterOf(after), { prune: true });
    expect(again.changed).toBe(0);
  });

  it('is removed from the swarm even if its machine was lost', async () => {
    const world = worldWithRegistry();
    // Three managers: with two, one alone has no majority.
    const three = text(`${A}${B}${C}  - { name: d, role: manager }\n`);
    await world.run('up', await clusterOf(three));
    world.machines.delete('c');
    world.swarm.lose('c');
    const kept = await clusterOf(three.replace(C, ''));
    const result = await world.run('up', kept, { prune: true });
    expect(result.units.flatMap((unit) => unit.changes.map(sentenceOf))).toEqual(['node c (down, it has no machine)']);
    expect(world.swarm.nodes.map((one) => one.Description.Hostname)).toEqual(['a', 'b', 'd']);
  });

  it('is removed with the leader last, if it includes several managers', async () => {
    const world = worldWithRegistry();
    const all = ['a', 'b', 'c', 'd', 'e'].map((name) => `  - { name: ${name}, role: manager }\n`);
    await world.run('up', await clusterOf(text(all.join(''))));
    expect(world.swarm.nodes[0]?.ManagerStatus?.Leader).toBe(true);
    world.swarm.writes.length = 0;
    const result = await world.run('up', await clusterOf(text(all.slice(3).join(''))), { prune: true });
    expect(errorsOf(result)).toEqual([]);
    const gone = world.swarm.writes.filter((write) => write.startsWith('node remove'));
    expect(gone).toHaveLength(3);
    expect(gone.at(-1)).toBe('node remove a');
  });

  it('includes whole stacks, and single services of a stack', async () => {
    const world = worldWithRegistry();
    const cluster = await clusterOf(fullText(1, 1));
    await world.run('up', cluster);
    const portainer = cluster.stacks[0]!;
    const smaller = { ...portainer, services: portainer.services.filter((service) => service.name !== 'agent') };
    const first = await world.run('up', { ...cluster, stacks: [smaller] }, { mode: 'plan' });
    expect(first.units.flatMap((unit) => unit.changes.map(sentenceOf))).toContain('service portainer_agent');
    const { portainer: _gone, ...rest } = cluster;
    const result = await world.run('up', { ...rest, stacks: [] }, { prune: true });
    expect(errorsOf(result)).toEqual([]);
    expect(result.units.flatMap((unit) => unit.changes.map(sentenceOf))).toEqual(['stack portainer']);
    expect(world.swarm.services.map((service) => service.Spec.Name)).toEqual(['web']);
  });
});

const marked = (current: Labels, wanted: Labels, remove: string[] = [], name?: string) =>
  markedLabels(current, { wanted, remove, cluster: 'c', name });

describe('labels of a node', () => {
  it('record which of them swarmup set', () => {
    const first = marked({ theirs: 'y' }, { zone: 'x', disk: 'ssd' }, []);
    expect(first).toEqual({
      theirs: 'y',
      zone: 'x',
      disk: 'ssd',
      'swarmup.cluster': 'c',
      'swarmup.labels': 'disk,zone',
    });
    expect(managedKeys(first)).toEqual(['disk', 'zone']);
    const second = marked(first, { disk: 'hdd' }, []);
    expect(managedKeys(second)).toEqual(['disk', 'zone']);
    expect(marked(second, { disk: 'hdd' }, ['zone'])).toEqual({
      theirs: 'y',
      disk: 'hdd',
      'swarmup.cluster': 'c',
      'swarmup.labels': 'disk',
    });
    expect(marked({}, {}, [])).toEqual({ 'swarmup.cluster': 'c' });
    expect(marked({}, {}, [], 'worker1')).toEqual({ 'swarmup.cluster': 'c', 'swarmup.node': 'worker1' });
  });
});
