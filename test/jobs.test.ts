import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { withServices } from '../lib/config/selections.ts';
import { sentenceOf } from '../lib/contracts/change-sentence.ts';
import type { Cluster } from '../lib/config/model.ts';
import type { RunResult } from '../lib/contracts/events.ts';
import { loadCluster } from './support/cluster.ts';
import type { FakeWorld } from './fakes/world.ts';
import { errorsOf, worldWithRegistry } from './support/worlds.ts';

/** A cluster with two workers, from its services, its stacks and their Compose files. */
async function cluster(services: string, stacks: Record<string, string> = {}, more: Record<string, string> = {}) {
  const folder = mkdtempSync(join(tmpdir(), 'swarmup-test-'));
  const file = join(folder, 'swarmup.yaml');
  const listed = Object.keys(stacks).map(
    (name) => `  ${name}: { file: ${name}.yml${more[name] ? `, ${more[name]}` : ''} }\n`,
  );
  for (const [name, text] of Object.entries(stacks)) writeFileSync(join(folder, `${name}.yml`), text);
  const text = [
    'name: test\nprovider: { type: qemu }\nnodes: { managers: 1, workers: 2 }\n',
    services === '' ? '' : `services:\n${services}\n`,
    listed.length > 0 ? `stacks:\n${listed.join('')}` : '',
  ];
  writeFileSync(file, text.join(''));
  return loadCluster({ file, cwd: dirname(file), env: {} });
}

const job = (deploy = '') => `services:
  migrate: { image: nginx, deploy: { mode: replicated-job${deploy} } }
`;

const sentences = (result: RunResult, task = 'deploy-stacks') =>
  result.units.flatMap((unit) => (unit.task === task ? unit.changes.map(sentenceOf) : []));
const unit = (result: RunResult, task: string, target: string) =>
  result.units.find((one) => one.task === task && one.target === target);
const rerun = (world: FakeWorld, all: Cluster, names: readonly string[]) =>
  world.run('rerun', { ...withServices(all, names), request: { rerun: { forcedBefore: new Map() } } });
const completed = ({ swarm }: FakeWorld) => swarm.tasks.filter(({ Status }) => Status.State === 'complete').length;

describe('a job', () => {
  it('runs once, not again by a second run, and again with rerun', async () => {
    const world = worldWithRegistry();
    const all = await cluster('', { app: job(', replicas: 2') });
    expect(errorsOf(await world.run('up', all))).toEqual([]);
    expect(completed(world)).toBe(2);
    expect((await world.run('up', all)).changed).toBe(0);

    const again = await rerun(world, all, ['app_migrate']);
    expect(errorsOf(again)).toEqual([]);
    expect(sentences(again, 'rerun-jobs')).toEqual(['run app_migrate again']);
    const [service] = world.swarm.services;
    expect(service?.Spec.TaskTemplate.ForceUpdate).toBe(1);
    expect(service?.JobStatus?.JobIteration?.Index).toBe(1);
    expect(completed(world)).toBe(2);
    expect((await world.run('up', all)).changed).toBe(0);
  });

  it('of the file runs again when its specification changes, and only then', async () => {
    const world = worldWithRegistry();
    const file = (more: string) => cluster(`  migrate: { image: nginx, mode: replicated-job, total: 2${more} }`);
    expect(errorsOf(await world.run('up', await file('')))).toEqual([]);
    expect(completed(world)).toBe(2);
    expect((await world.run('up', await file(''))).changed).toBe(0);
    const changed = await world.run('up', await file(", env: { A: '1' }"));
    expect(errorsOf(changed)).toEqual([]);
    expect(sentences(changed, 'deploy-services')).toEqual(['service migrate: env none → A; runs the job again']);
    expect(world.swarm.services[0]?.JobStatus?.JobIteration?.Index).toBe(1);
    expect(world.swarm.services[0]?.Spec).not.toHaveProperty('UpdateConfig');
    expect((await world.run('up', await file(", env: { A: '1' }"))).changed).toBe(0);
  });

  it('is started once by a rerun that has to try again', async () => {
    const world = worldWithRegistry();
    const all = await cluster('', { app: job() });
    await world.run('up', all);
    let updates = 0;
    world.fault = (what) => {
      if (what.endsWith('update service app_migrate')) updates++;
      if (updates === 1 && what.endsWith('list the tasks')) {
        updates++;
        throw Object.assign(new Error('read ECONNRESET'), { code: 'ECONNRESET' });
      }
    };
    await rerun(world, all, ['app_migrate']);
    expect(world.swarm.services[0]?.JobStatus?.JobIteration?.Index).toBe(1);
  });

  it('fails the run with its exit code and its last lines, and the next run too, without running again', async () => {
    const world = worldWithRegistry();
    world.swarm.printed.push([2, 'no such table\n']);
    world.swarm.ends.set('app_migrate', () => 3);
    const all = await cluster('', { app: job(', restart_policy: { condition: on-failure, max_attempts: 1 }') });
    const runs = [await world.run('up', all), await world.run('up', all)];
    for (const run of runs) {
      const { error } = unit(run, 'deploy-stacks', 'app') ?? {};
      expect(error?.message).toBe(
        'service app_migrate has a task that failed, and its restarts are used up (maxAttempts 1); a task is failed: task: non-zero exit (3) (exit code 3)',
      );
      expect(error?.output).toContain('no such table');
      expect(error?.fix).toContain('swarmup rerun app_migrate');
    }
    expect(world.swarm.tasks.map(({ Status }) => Status.State)).toEqual(['failed', 'failed']);
    world.swarm.ends.set('app_migrate', () => 0);
    expect(errorsOf(await rerun(world, all, ['app_migrate']))).toEqual([]);
    expect((await world.run('up', all)).changed).toBe(0);
  });

  it('succeeds when a later attempt does, within its limit', async () => {
    const world = worldWithRegistry();
    world.swarm.ends.set('app_migrate', (nth) => (nth < 2 ? 1 : 0));
    const all = await cluster('', { app: job(', restart_policy: { condition: on-failure, max_attempts: 2 }') });
    expect(errorsOf(await world.run('up', all))).toEqual([]);
    expect(world.swarm.tasks.map(({ Status }) => Status.State)).toEqual(['failed', 'failed', 'complete']);
  });

  it('may take as long as it runs', async () => {
    const world = worldWithRegistry();
    world.swarm.ends.set('app_migrate', () => undefined);
    let looks = 0;
    world.fault = (what) => {
      // About a quarter of an hour, at one look every 300 ms.
      if (what.endsWith('list the tasks') && ++looks === 3_000)
        world.swarm.tasks = world.swarm.tasks.map((task) => ({ ...task, Status: { State: 'complete' } }));
    };
    expect(errorsOf(await world.run('up', await cluster('', { app: job() })))).toEqual([]);
    expect(looks).toBeGreaterThan(3_000);
  });

  it('on every node runs on each; on one that joins later only with rerun', async () => {
    const world = worldWithRegistry();
    const all = await cluster('', { app: job().replace('replicated-job', 'global-job') });
    const without = { ...all, nodes: all.nodes.slice(0, 2) };
    expect(errorsOf(await world.run('up', without))).toEqual([]);
    expect(completed(world)).toBe(2);
    expect(errorsOf(await world.run('up', all))).toEqual([]);
    expect(completed(world)).toBe(2);
    expect((await world.run('up', all)).changed).toBe(0);
    expect(errorsOf(await rerun(world, all, ['app_migrate']))).toEqual([]);
    expect(completed(world)).toBe(3);
  });

  it('is the only thing that rerun accepts, besides services whose tasks end', async () => {
    const world = worldWithRegistry();
    const all = await cluster('  web: { image: nginx }\n  once: { image: nginx, restart: { condition: none } }');
    world.swarm.ends.set('once', () => 0);
    await world.run('up', all);
    expect(errorsOf(await rerun(world, all, ['web']))).toEqual([
      "rerun-jobs@web: service web can't be run again: it is no job: its tasks are restarted whenever they end",
    ]);
    const result = await rerun(world, all, ['once']);
    expect(errorsOf(result)).toEqual([]);
    expect(world.swarm.services.find(({ Spec }) => Spec.Name === 'once')?.Spec.TaskTemplate.ForceUpdate).toBe(1);
  });
});

describe('a service whose tasks end', () => {
  it.each(['mode: global', 'replicas: 2'])('has converged when they have: %s', async (mode) => {
    const world = worldWithRegistry();
    world.swarm.ends.set('once', () => 0);
    const all = await cluster(`  once: { image: nginx, ${mode}, restart: { condition: on-failure } }`);
    expect(errorsOf(await world.run('up', all))).toEqual([]);
    expect(completed(world)).toBe(mode === 'mode: global' ? 3 : 2);
    expect((await world.run('up', all)).changed).toBe(0);
  });

  it('can be updated although its tasks end early, unless the file has an update policy', async () => {
    const world = worldWithRegistry();
    world.swarm.ends.set('once', () => 0);
    const file = (more: string) => `  once: { image: nginx, restart: { condition: on-failure }${more} }`;
    await world.run('up', await cluster(file('')));
    const action = () => world.swarm.services[0]?.Spec.UpdateConfig?.['FailureAction'];
    expect(action()).toBe('rollback');
    expect(errorsOf(await world.run('up', await cluster(file(', user: a'))))).toEqual([]);
    expect((await world.run('up', await cluster(file(', user: a')))).changed).toBe(0);
    expect(errorsOf(await rerun(world, await cluster(file(', user: a')), ['once']))).toEqual([]);
    expect(action()).toBe('continue');
    const own = await world.run('up', await cluster(file(', user: b, update: { onFailure: rollback }')));
    expect(errorsOf(own).join()).toContain('was rolled back instead of updated');
    world.swarm.ends.delete('once');
    const forever = await cluster('  once: { image: nginx, user: c }');
    await world.run('up', await cluster(file(', user: c')));
    expect(errorsOf(await world.run('up', forever))).toEqual([]);
    expect(action()).toBe('rollback');
  });

  it('of a stack has converged when its tasks ended, although Swarm paused the update for that', async () => {
    const world = worldWithRegistry();
    world.swarm.ends.set('app_once', () => 0);
    const all = await cluster('', {
      app: 'services:\n  once: { image: nginx, deploy: { restart_policy: { condition: on-failure } } }\n',
    });
    await world.run('up', all);
    expect(errorsOf(await rerun(world, all, ['app_once']))).toEqual([]);
    expect(world.swarm.services[0]?.UpdateStatus?.State).toBe('paused');
    expect((await world.run('up', all)).changed).toBe(0);
  });

  it('fails the run at once when one of them failed for good', async () => {
    const world = worldWithRegistry();
    world.swarm.ends.set('once', (nth) => (nth === 1 ? 7 : 0));
    const all = await cluster('  once: { image: nginx, mode: global, restart: { condition: none } }');
    expect(errorsOf(await world.run('up', all))).toEqual([
      "deploy-services@once: service once has a task that failed, and restart condition none doesn't restart it; a task is failed: task: non-zero exit (7) (exit code 7)",
    ]);
  });
});

describe('services and stacks that depend on others', () => {
  const services = (web: string) => `  web: { image: nginx, dependsOn: ${web} }
  db: { image: nginx, healthcheck: { test: 'true' } }
  once: { image: nginx, restart: { condition: on-failure, maxAttempts: 1 } }`;
  const written = ({ swarm }: FakeWorld) => swarm.writes.filter((what) => /^(service|stack)/.test(what));

  it('are deployed after them, across services and stacks', async () => {
    const world = worldWithRegistry();
    world.swarm.ends.set('once', () => 0);
    const all = await cluster(
      services('{ db: healthy, once: completed, base: completed }'),
      { base: job(), app: job() },
      { app: 'dependsOn: [web]', base: 'dependsOn: [once]' },
    );
    expect(errorsOf(await world.run('up', all))).toEqual([]);
    const order = written(world);
    const at = (what: string) => order.indexOf(what);
    expect(at('service create once')).toBeLessThan(at('stack deploy base'));
    expect(at('stack deploy base')).toBeLessThan(at('service create web'));
    expect(at('service create db')).toBeLessThan(at('service create web'));
    expect(order.at(-1)).toBe('stack deploy app');
    expect((await world.run('up', all)).changed).toBe(0);
  });

  it('wait until a task completed, not only until it runs', async () => {
    const world = worldWithRegistry();
    world.swarm.ends.set('once', () => undefined);
    let looks = 0;
    world.fault = (what) => {
      if (!what.endsWith('list the tasks') || ++looks !== 20) return;
      expect(written(world)).not.toContain('service create web');
      world.swarm.tasks = world.swarm.tasks.map((task) => {
        const once = world.swarm.services.find(({ ID }) => ID === task.ServiceID)?.Spec.Name === 'once';
        return once ? { ...task, DesiredState: 'shutdown', Status: { State: 'complete' } } : task;
      });
    };
    expect(errorsOf(await world.run('up', await cluster(services('{ once: completed }'))))).toEqual([]);
    expect(written(world)).toContain('service create web');
  });

  it.each([false, true])('are not deployed when these fail, and say why (keep going: %s)', async (keepGoing) => {
    const world = worldWithRegistry();
    world.swarm.ends.set('once', () => 1);
    const all = await cluster(`${services('{ once: completed }')}\n  last: { image: nginx, dependsOn: [web] }`);
    const result = await world.run('up', all, { keepGoing });
    expect(errorsOf(result)).toHaveLength(1);
    expect(unit(result, 'deploy-services', 'web')).toMatchObject({
      outcome: 'skipped',
      reason: 'needs deploy-services@once, which failed',
    });
    expect(unit(result, 'deploy-services', 'last')?.reason).toBe(
      'needs deploy-services@web, not done as deploy-services@once failed',
    );
    expect(unit(result, 'deploy-services', 'db')?.outcome).toBe('changed');
  });

  it('need them in place when only a part is run', async () => {
    const world = worldWithRegistry();
    const all = await cluster(services('[base]'), { base: job() });
    const later = ['deploy-services', 'deploy-stacks', 'verify-http'];
    await world.run('up', all, { selection: { skip: later } });
    const result = await world.run('up', all, { selection: { only: ['deploy-services'] } });
    expect(unit(result, 'deploy-services', 'web')?.error).toMatchObject({
      code: 'PREREQUISITE_MISSING',
      message: expect.stringContaining('needs deploy-stacks on base, which is not in place'),
    });
    const skipped = await world.run('up', all, { selection: { only: ['deploy-services'], skip: ['deploy-stacks'] } });
    expect(unit(skipped, 'deploy-services', 'web')?.error).toMatchObject({
      code: 'DEPENDENCY_MISSING',
      message: "service web depends on base_migrate, which isn't deployed",
    });
  });

  it('as healthy need a health check, of the file or of the image', async () => {
    const world = worldWithRegistry();
    const all = await cluster(services('{ db: healthy, base_server: healthy }'), {
      base: 'services:\n  server: { image: nginx }\n',
    });
    const result = await world.run('up', all);
    expect(unit(result, 'deploy-services', 'web')?.error).toMatchObject({
      code: 'DEPENDENCY_INVALID',
      message: expect.stringContaining('neither the service nor its image nginx has a health check'),
    });
    world.swarm.healthChecks.add('nginx:latest');
    expect(errorsOf(await world.run('up', all))).toEqual([]);
  });

  it('are scaled alone', async () => {
    const world = worldWithRegistry();
    const all = await cluster(services('{ once: completed }'));
    world.swarm.ends.set('once', () => 0);
    await world.run('up', all);
    const web = all.services.filter(({ name }) => name === 'web').map((one) => ({ ...one, replicas: 3 }));
    expect(errorsOf(await world.run('scale', { ...all, services: web, stacks: [] }))).toEqual([]);
  });
});

describe('newer images', () => {
  const digest = (digit: string) => `sha256:${digit.repeat(64)}`;
  const pulling = (all: Cluster) => ({ ...all, request: { pull: true } });
  const images = ({ swarm }: FakeWorld) =>
    swarm.services.map(({ Spec }) => `${Spec.Name} ${Spec.TaskTemplate.ContainerSpec.Image}`);

  it('under the same tag are no change, unless they are asked for: then services and stacks are rolled', async () => {
    const world = worldWithRegistry();
    const all = await cluster(`  web: { image: nginx }\n  fixed: { image: "nginx@${digest('c')}" }`, {
      base: 'services:\n  server: { image: nginx }\n',
    });
    await world.run('up', all);
    world.swarm.digests.set('nginx:latest', digest('b'));
    expect((await world.run('up', all)).changed).toBe(0);
    const plan = await world.run('up', pulling(all), { mode: 'plan' });
    expect(sentences(plan, 'roll-images')).toEqual([
      `service web: image nginx:latest@${digest('a')} → nginx:latest@${digest('b')}`,
      `service base_server: image nginx → nginx:latest@${digest('b')}`,
    ]);
    expect(unit(plan, 'roll-images', 'fixed')?.reason).toBe('the file names the digest of its image');
    expect(errorsOf(await world.run('up', pulling(all)))).toEqual([]);
    expect(images(world).toSorted()).toEqual([
      `base_server nginx:latest@${digest('b')}`,
      `fixed nginx@${digest('c')}`,
      `web nginx:latest@${digest('b')}`,
    ]);
    expect((await world.run('up', pulling(all))).changed).toBe(0);
    expect((await world.run('up', all)).changed).toBe(0);
    const back = await world.run('rollback', withServices(all, ['web']));
    expect(sentences(back, 'roll-back')).toEqual([
      `service web: return to its state before the last update; image nginx:latest@${digest('b')} → nginx:latest@${digest('a')}`,
    ]);
    expect(images(world)).toContain(`web nginx:latest@${digest('a')}`);
  });

  it('that can’t be looked up fail the run only when they are asked for', async () => {
    const world = worldWithRegistry();
    const all = await cluster('  web: { image: nginx }');
    await world.run('up', all);
    world.swarm.registry = null;
    expect(errorsOf(await world.run('up', all))).toEqual([]);
    expect(errorsOf(await world.run('up', pulling(all)))).toEqual([
      expect.stringContaining("roll-images@web: service web: nginx can't be looked up in its registry: "),
    ]);
  });

  it('of what is built here when its registry can’t be reached are not looked for', async () => {
    const world = worldWithRegistry();
    const all = await cluster('  web: { image: nginx }');
    const building: Cluster = { ...all, images: { ...all.images, whenUnreachable: 'build' } };
    await world.run('up', building);
    world.swarm.registry = null;
    world.buildable.add('nginx');
    const result = await world.run('up', pulling(building));
    expect(errorsOf(result)).toEqual([]);
    expect(unit(result, 'roll-images', 'web')?.reason).toBe("built here, as its registry can't be reached");
  });

  it('are reported as unknown when a service is deployed without its digest', async () => {
    const world = worldWithRegistry();
    world.swarm.registry = new Set();
    const all = await cluster('  web: { image: nginx }');
    const { warnings } = await world.run('up', { ...all, images: { ...all.images, early: false } });
    expect(warnings.join()).toContain(
      'nginx is deployed without its digest, so nodes may run different versions of it',
    );
  });
});
