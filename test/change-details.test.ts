import { describe, expect, it } from 'vitest';
import type { Change } from '../lib/contracts/change.ts';
import { resultJson } from '../lib/render/json.ts';
import { planDiff } from '../lib/render/plan.ts';
import type { FakeWorld } from './fakes/world.ts';
import { clusterOf } from './support/cluster.ts';
import { errorsOf, worldWithRegistry } from './support/worlds.ts';

const text = (labels: string, web: string) => `name: test
provider: { type: qemu }
nodes:
  - { name: a, role: manager }
  - { name: b, role: worker${labels} }
services:
  web: { image: nginx${web} }
`;

/** The changes that `plan --json` has for the units of one task. */
async function details(world: FakeWorld, file: string, task: string): Promise<readonly Change[]> {
  const plan = await world.run('up', await clusterOf(file), { mode: 'plan' });
  expect(errorsOf(plan)).toEqual([]);
  const document = JSON.parse(JSON.stringify(resultJson(plan))) as {
    units: { task: string; changes: string[]; changeDetails: Change[] }[];
  };
  for (const unit of document.units) expect(unit.changeDetails).toHaveLength(unit.changes.length);
  return document.units.filter((unit) => unit.task === task).flatMap((unit) => unit.changeDetails);
}

async function converged(file: string): Promise<FakeWorld> {
  const world = worldWithRegistry();
  expect(errorsOf(await world.run('up', await clusterOf(file)))).toEqual([]);
  return world;
}

describe('the details of changes in JSON', () => {
  it('describe a machine, a node and a service that do not exist yet', async () => {
    const file = text('', ', replicas: 3');
    expect(await details(worldWithRegistry(), file, 'provision')).toEqual([
      { action: 'create', path: ['machines', 'a'] },
      { action: 'create', path: ['machines', 'b'] },
    ]);
    expect(await details(worldWithRegistry(), file, 'join-workers')).toEqual([
      { action: 'create', path: ['nodes', 'b'], to: { role: 'worker' } },
    ]);
    expect(await details(worldWithRegistry(), file, 'deploy-services')).toEqual([
      { action: 'create', path: ['services', 'web'], to: { image: 'nginx', replicas: 3 } },
    ]);
  });

  it('have the values of a service unformatted, as from and to', async () => {
    const world = await converged(text('', ", replicas: 3, labels: { team: red }, ports: ['80:80']"));
    const changed = text(
      '',
      ", replicas: 4, user: www-data, limits: { pids: 100 }, labels: { team: blue }, ports: ['81:80']",
    );
    expect(await details(world, changed, 'deploy-services')).toEqual([
      { action: 'update', path: ['services', 'web', 'replicas'], from: 3, to: 4 },
      { action: 'update', path: ['services', 'web', 'ports'], from: ['80:80'], to: ['81:80'] },
      { action: 'update', path: ['services', 'web', 'user'], to: 'www-data' },
      { action: 'update', path: ['services', 'web', 'limits'], to: { Pids: 100 } },
      { action: 'update', path: ['services', 'web', 'labels', 'team'], from: 'red', to: 'blue' },
    ]);
  });

  it('have no value that may be secret', async () => {
    const own = (secret: string) =>
      `, env: { TOKEN: ${secret} }, containerLabels: { key: ${secret} }, ` +
      `logging: { driver: fluentd, options: { token: ${secret} } }, ` +
      `mounts: [{ type: volume, source: data, target: /data, driver: local, options: { o: ${secret} } }]`;
    const world = await converged(text('', own('first-secret')));
    const found = await details(world, text('', own('second-secret')), 'deploy-services');
    expect(found.map(({ path, from, to }) => [path[2], from, to])).toEqual([
      ['env', ['TOKEN'], ['TOKEN']],
      ['containerLabels', ['key'], ['key']],
      ['mounts', ['data:/data'], ['data:/data']],
      ['logging', 'fluentd', 'fluentd'],
    ]);
    const daemon = `${text('', '')}docker: { daemon: { log-opts: { token: first-secret } } }\n`;
    const install = await details(worldWithRegistry(), daemon, 'install-docker');
    expect(install).toContainEqual({
      action: 'update',
      path: ['nodes', 'a', 'docker', 'daemon', 'log-opts'],
      to: ['token'],
    });
    expect(JSON.stringify(install)).not.toContain('secret');
  });

  it('have the labels of a node, and mark those that only --prune removes', async () => {
    const world = await converged(text(', labels: { zone: x, disk: ssd }', ''));
    expect(await details(world, text(', labels: { zone: y }', ''), 'configure-nodes')).toEqual([
      { action: 'update', path: ['nodes', 'b', 'labels', 'zone'], from: 'x', to: 'y' },
      { action: 'remove', path: ['nodes', 'b', 'labels', 'disk'], from: 'ssd', prune: true },
    ]);
  });

  it('have the steps that change no value: a start, and waits with the state they wait for', async () => {
    const file = text('', '');
    const world = await converged(file);
    const machine = world.machines.get('b')!;
    world.machines.set('b', { ...machine, state: 'stopped' });
    expect(await details(world, file, 'provision')).toEqual([
      { action: 'run', step: 'start', path: ['machines', 'b'] },
    ]);
    world.machines.set('b', machine);
    world.booting.set('b', 3);
    expect(await details(world, file, 'provision')).toEqual([
      { action: 'run', step: 'wait', path: ['machines', 'b', 'ssh'], to: 'answering' },
    ]);
  });

  it('are also beside the sentence in the diff of a plan', async () => {
    const world = await converged(text('', ', replicas: 3'));
    const plan = await world.run('up', await clusterOf(text('', ', replicas: 4')), { mode: 'plan' });
    expect(planDiff(plan)).toEqual([
      {
        place: 'cluster',
        task: 'deploy-services',
        target: 'web',
        summary: 'service web: replicas 3 → 4',
        action: 'update',
        path: ['services', 'web', 'replicas'],
        from: 3,
        to: 4,
      },
    ]);
  });
});
