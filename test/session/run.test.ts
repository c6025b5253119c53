import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { drain, loadCluster, run, type Event } from '../../lib/index.ts';
import { ROOT } from '../support/cli.ts';

const folder = mkdtempSync(join(tmpdir(), 'swarmup-library-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** A cluster whose machines never start. */
async function stuck(name: string) {
  const file = join(folder, `${name}.yaml`);
  const provider = join(ROOT, 'test/support/stuck-provider.ts');
  writeFileSync(file, `name: ${name}\nprovider: { type: ${provider} }\nnodes: { managers: 1, workers: 1 }\n`);
  return loadCluster(file);
}

const lockOf = (name: string) => join(folder, '.swarmup', `${name}.lock`);

describe('a run started by a program', () => {
  it('yields every event in order, and returns the result of the last one', async () => {
    const events: Event[] = [];
    const result = await drain(run('up', { cluster: await stuck('planned'), mode: 'plan' }), (event) => {
      events.push(event);
    });
    expect(events[0]).toMatchObject({ type: 'run-started', pipeline: 'up', cluster: 'planned', mode: 'plan' });
    expect(events.at(-1)).toMatchObject({ type: 'run-finished' });
    const last = events.at(-1);
    expect(last?.type === 'run-finished' && last.result).toBe(result);
    const units = result.units.filter(({ task }) => task === 'provision');
    expect(units.map(({ target, changes }) => [target, changes.length])).toEqual([
      ['manager1', 1],
      ['worker1', 1],
    ]);
  });

  it('is stopped cleanly by its signal, and its result says so', async () => {
    const cluster = await stuck('aborted');
    const controller = new AbortController();
    const result = await drain(run('up', { cluster, signal: controller.signal }), (event) => {
      if (event.type === 'unit-detail') controller.abort();
    });
    expect(result).toMatchObject({ ok: false, interrupted: true });
    expect(existsSync(lockOf('aborted'))).toBe(false);
  });

  it('is stopped when the caller leaves the loop, and has released its lock by then', async () => {
    const cluster = await stuck('left');
    let held = false;
    for await (const event of run('up', { cluster })) {
      if (event.type !== 'unit-detail') continue;
      held = existsSync(lockOf('left'));
      break;
    }
    expect(held).toBe(true);
    expect(existsSync(lockOf('left'))).toBe(false);
  });

  it.each([
    ['an unknown pipeline', 'upp', {}, /there is no pipeline 'upp'/],
    ['an unknown task', 'up', { only: ['provison'] }, /there is no task 'provison'/],
    ['an unknown node', 'up', { nodes: ['worker9'] }, /there is no node 'worker9'/],
  ])('refuses %s, before anything is opened', async (what, pipeline, request, message) => {
    const name = what.replace('an ', '').replace(' ', '-');
    await expect(run(pipeline, { cluster: await stuck(name), ...request }).next()).rejects.toThrow(message);
    expect(existsSync(lockOf(name))).toBe(false);
  });
});

describe('docs/library.md', () => {
  const example = readFileSync(join(ROOT, 'docs/examples/bring-up.ts'), 'utf8');

  it('quotes the example unchanged', () => {
    expect(readFileSync(join(ROOT, 'docs/library.md'), 'utf8')).toContain(`\`\`\`ts\n${example}\`\`\``);
  });

  it('has an example that runs, and reports a mistake in the cluster file with its fix', async () => {
    const file = join(folder, 'broken.yaml');
    writeFileSync(file, 'name: broken\nprovider: { type: qemu }\nnodez: 1\n');
    const started = spawnSync(process.execPath, [join(ROOT, 'docs/examples/bring-up.ts'), file], { encoding: 'utf8' });
    expect(started.stderr).toMatch(/^CONFIG_INVALID: [^]*unknown key 'nodez'/);
    expect(started.status).toBe(2);
  });
});
