import { describe, expect, it } from 'vitest';
import type { Event } from '../../lib/contracts/events.ts';
import { layOut } from '../../lib/pipeline/graph.ts';
import { runUnits } from '../../lib/pipeline/run-units.ts';
import { defineTask, type Task, type TaskDefinition } from '../../lib/pipeline/task.ts';
import { onNodes } from '../../lib/contracts/target.ts';
import { created, type Change } from '../../lib/contracts/change.ts';
import { FakeWorld } from '../fakes/world.ts';
import { clusterOf } from '../support/cluster.ts';

const cluster = await clusterOf('name: x\nprovider: { type: qemu }\nnodes: { managers: 1, workers: 3 }\n');

/** A task on every node; `done` is the state of the world that it changes. */
function task(id: string, done: Set<string>, rest: Partial<TaskDefinition<boolean, Change>> = {}): Task {
  return defineTask<boolean, Change>({
    id,
    title: id,
    about: id,
    needs: [],
    targets: (one) => onNodes(one.nodes),
    check: async (ctx) => done.has(`${id}@${ctx.target.id}`),
    absent: () => false,
    plan: (state, { target }) => (state ? [] : [created([`${id} on ${target.id}`])]),
    apply: async (ctx) => void done.add(`${id}@${ctx.target.id}`),
    ...rest,
  });
}

interface Options {
  readonly signal?: AbortSignal;
  readonly onEvent?: (event: Event) => void;
  readonly warned?: ReadonlySet<string>;
}

async function run(tasks: Task[], options: Options = {}) {
  const context = new FakeWorld().context(cluster);
  const units = layOut(tasks, cluster, context.world);
  return runUnits(units, {
    pipeline: 'up',
    mode: 'apply',
    context,
    emit: (event) => options.onEvent?.({ ...event, at: 0 }),
    signal: options.signal ?? new AbortController().signal,
    ...(options.warned ? { warned: options.warned } : {}),
  });
}

describe('a run', () => {
  it('lets a node continue whatever another one is doing', async () => {
    const done = new Set<string>();
    let release: () => void = () => undefined;
    const gate = new Promise<void>((resolve) => (release = resolve));
    const order: string[] = [];
    const first = task('first', done, {
      apply: async (ctx) => {
        if (ctx.target.id === 'worker3') await gate;
        done.add(`first@${ctx.target.id}`);
      },
    });
    const second = task('second', done, { needs: ['first'] });
    const running = run([first, second], {
      onEvent: (event) => {
        if (event.type !== 'unit-finished') return;
        order.push(`${event.unit.task}@${event.unit.target}`);
        // Everything that doesn't depend on worker3 finishes before worker3 is released.
        if (order.length === 6) release();
      },
    });
    expect((await running).ok).toBe(true);
    expect(order.slice(0, 6)).not.toContain('first@worker3');
    expect(order.slice(6)).toEqual(['first@worker3', 'second@worker3']);
  });

  it('respects the limit of a task', async () => {
    let running = 0;
    let most = 0;
    const done = new Set<string>();
    const limited = task('limited', done, {
      limit: 2,
      apply: async (ctx) => {
        most = Math.max(most, ++running);
        await new Promise((resolve) => setImmediate(resolve));
        running--;
        done.add(`limited@${ctx.target.id}`);
      },
    });
    expect((await run([limited])).ok).toBe(true);
    expect(most).toBe(2);
  });

  it('fails when changes remain after apply', async () => {
    const result = await run([task('lazy', new Set(), { apply: async () => undefined })]);
    expect(result.units[0]?.error).toMatchObject({
      code: 'NOT_CONVERGED',
      message: 'lazy@manager1 was applied, but the check afterwards still finds: lazy on manager1',
    });
  });

  it('reports a bug as a defect, and keeps its cause', async () => {
    const result = await run([
      task('broken', new Set(), {
        check: async () => {
          throw new TypeError('x is not a function');
        },
      }),
    ]);
    expect(result.units[0]?.error).toMatchObject({ code: 'INTERNAL', message: 'x is not a function' });
  });

  it('fails when a task file for an older version plans sentences instead of changes', async () => {
    const old = { action: 'create', summary: 'x' } as unknown as Change;
    const result = await run([task('old', new Set(), { plan: () => [old] })]);
    expect(result.units[0]?.error).toMatchObject({
      code: 'TASKFILE_INVALID',
      message: "the task 'old' plans a change without a path",
      fix: expect.stringContaining('docs/pipelines.md'),
    });
  });

  it('shows a warning once, however many units emit it', async () => {
    const done = new Set<string>();
    const result = await run([
      task('warns', done, {
        apply: async (ctx) => {
          ctx.warn('the same');
          done.add(`warns@${ctx.target.id}`);
        },
      }),
    ]);
    expect(result.warnings).toEqual(['the same']);
  });

  it('has warnings from before its first unit in its result', async () => {
    const result = await run([task('a', new Set())], { warned: new Set(['the lock was stale']) });
    expect(result.warnings).toEqual(['the lock was stale']);
  });

  it('counts the changed units, and keeps the order of the pipeline in its result', async () => {
    const done = new Set(['a@manager1']);
    const result = await run([task('a', done), task('b', done, { needs: [{ task: 'a', of: 'all' }] })]);
    expect(result.changed).toBe(7);
    expect(result.units.map((unit) => unit.task)).toEqual(['a', 'a', 'a', 'a', 'b', 'b', 'b', 'b']);
  });
});
