import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { RunResult } from '../lib/contracts/events.ts';
import { checkTasks } from '../lib/pipeline/graph.ts';
import { defineTask } from '../lib/pipeline/task.ts';
import { explain } from '../lib/providers/aws/errors.ts';
import { machineTable } from '../lib/providers/machine-table.ts';
import { writeContext } from '../lib/remote/docker-context.ts';
import { confirm } from '../lib/render/confirm.ts';
import { clusterOf, fullText } from './support/cluster.ts';
import { worldWithRegistry } from './support/worlds.ts';

const codesOf = (result: RunResult) =>
  result.units.flatMap(({ task, error }) => (error ? [`${task}: ${error.code}`] : []));

describe('the code of a run’s failure', () => {
  it.each([
    ['networks: { proxy: { external: true } }', 'create-networks: NETWORK_ABSENT'],
    ['secrets: { key: { external: true } }', 'create-objects: OBJECT_ABSENT'],
    ['configs: { site: { external: true } }', 'create-objects: OBJECT_ABSENT'],
  ])('names what the swarm lacks: %s', async (section, expected) => {
    const base = 'name: t\nprovider: { type: qemu }\nnodes: { managers: 1, workers: 0 }\n';
    expect(codesOf(await worldWithRegistry().run('up', await clusterOf(base + section)))).toEqual([expected]);
  });

  it('tells a node that is down from one that is not in the swarm', async () => {
    const world = worldWithRegistry();
    const cluster = await clusterOf(fullText(1, 2));
    await world.run('up', cluster);
    world.swarm.lose('worker1');
    const absent = world.swarm.nodes.findIndex(({ Description }) => Description.Hostname === 'worker2');
    world.swarm.nodes.splice(absent, 1);
    const codes = codesOf(await world.run('verify', cluster, { mode: 'check' }));
    expect(codes).toContain('configure-nodes: NODE_DOWN');
    expect(codes).toContain('configure-nodes: NODE_ABSENT');
  });

  it('is that of a step which finds something to do when nothing was left', async () => {
    const result = await worldWithRegistry().run('up', await clusterOf(fullText(1, 0)), { changesNothing: true });
    expect(codesOf(result)).toContain('prepare-provider: CHANGED_AGAIN');
  });

  it('says that there is no manager', async () => {
    const cluster = await clusterOf(fullText(3, 0));
    const world = worldWithRegistry();
    await world.run('up', cluster, { selection: { only: ['provision', 'install-docker'] } });
    expect(codesOf(await world.run('verify', cluster, { mode: 'check' }))).toContain('set-roles: SWARM_NO_MANAGER');
  });
});

describe('the code of an error', () => {
  it('tells a machine that is off from one that is starting', () => {
    const machine = { name: 'w', address: '192.0.2.1', external: false };
    expect(() => machineTable([{ ...machine, state: 'stopped' } as never]).running('w')).toThrow(
      expect.objectContaining({ code: 'MACHINE_STOPPED' }),
    );
  });

  it('is that of EC2’s own failure, which passes', () => {
    const error = Object.assign(new Error('An internal error has occurred'), { name: 'InternalError' });
    expect(explain('RunInstances', error)).toMatchObject({ code: 'CLOUD_FAILED', transient: true });
  });

  it('protects a Docker context of another cluster', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'swarmup-context-'));
    const folders = { docker: join(folder, 'docker'), sshConfig: join(folder, 'ssh', 'config') };
    const endpoint = { host: '192.0.2.1', port: 22, user: 'root', identityFiles: ['/k'] };
    const context = (stateDir: string) => ({
      name: 'prod',
      cluster: 'prod',
      stateDir: join(folder, stateDir),
      manager: { name: 'm', state: 'running', ssh: endpoint } as never,
      knownHostsFile: '/k',
    });
    await writeContext(context('one'), folders);
    await expect(writeContext(context('two'), folders)).rejects.toMatchObject({ code: 'CONTEXT_FOREIGN' });
  });

  it('asks for --yes where nobody can answer', async () => {
    await expect(confirm('Remove it?')).rejects.toMatchObject({ code: 'NEEDS_CONFIRMATION' });
  });

  it('is about tasks that need each other', () => {
    const task = (id: string, needs: readonly string[]) =>
      defineTask({
        id,
        title: id,
        about: '',
        needs,
        targets: () => [],
        check: async () => 0,
        absent: () => 0,
        plan: () => [],
        apply: async () => undefined,
      });
    expect(() => checkTasks([task('a', ['b']), task('b', ['a'])], ['a', 'b'])).toThrow(
      expect.objectContaining({ code: 'TASKS_INVALID' }),
    );
  });
});
