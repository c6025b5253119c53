import { describe, expect, it } from 'vitest';
import { layOut } from '../../lib/pipeline/graph.ts';
import { runUnits } from '../../lib/pipeline/run-units.ts';
import { defineTask, type Task, type TaskDefinition } from '../../lib/pipeline/task.ts';
import { created, type Change } from '../../lib/contracts/change.ts';
import { FakeWorld } from '../fakes/world.ts';
import { clusterOf } from '../support/cluster.ts';

const cluster = await clusterOf('name: x\nprovider: { type: qemu }\nnodes: { managers: 1 }\n');

/** A task that changes something unless `done` has its ID. */
function task(
  id: string,
  needs: string[],
  done: Set<string>,
  rest: Partial<TaskDefinition<boolean, Change>> = {},
): Task {
  return defineTask<boolean, Change>({
    id,
    title: id,
    about: id,
    needs,
    targets: () => [{ id: 'all' }],
    check: () => Promise.resolve(done.has(id)),
    absent: () => false,
    plan: (isDone) => (isDone ? [] : [created([id])]),
    apply: () => Promise.resolve(void done.add(id)),
    ...rest,
  });
}

function run(tasks: Task[], expectsNoChange = true) {
  const context = new FakeWorld().context(cluster);
  const { signal } = new AbortController();
  const options = { pipeline: 'up', mode: 'apply', context, emit: () => undefined, signal, expectsNoChange } as const;
  return runUnits(layOut(tasks, cluster, context.world), options);
}

describe('a run in a cluster that is expected to match its file', () => {
  it('makes all checks at once, and each of them once', async () => {
    const done = new Set(['a', 'b', 'c']);
    const { promise: started, resolve } = Promise.withResolvers<void>();
    const checks: string[] = [];
    const waiting = (id: string) => ({
      check: async () => {
        checks.push(id);
        await started;
        return true;
      },
    });
    const last = {
      check: () => {
        checks.push('c');
        resolve();
        return Promise.resolve(true);
      },
    };
    const result = await run([
      task('a', [], done, waiting('a')),
      task('b', ['a'], done, waiting('b')),
      task('c', ['b'], done, last),
    ]);
    expect(result.units.map(({ outcome }) => outcome)).toEqual(['unchanged', 'unchanged', 'unchanged']);
    expect(checks.toSorted()).toEqual(['a', 'b', 'c']);
  });

  it('checks again what was seen before something changed', async () => {
    const done = new Set(['b', 'c']);
    const apply = () => {
      done.add('a');
      done.delete('c');
      return Promise.resolve();
    };
    const result = await run([task('a', [], done, { apply }), task('b', ['a'], done), task('c', ['b'], done)]);
    expect(result.units.map(({ task: id, outcome }) => `${id} ${outcome}`)).toEqual([
      'a changed',
      'b unchanged',
      'c changed',
    ]);
  });

  it('leaves a check that fails early to its turn', async () => {
    const done = new Set(['a', 'b']);
    const { promise: failed, resolve } = Promise.withResolvers<void>();
    let checks = 0;
    const check = () => {
      checks++;
      resolve();
      return checks === 1 ? Promise.reject(new Error('too early')) : Promise.resolve(true);
    };
    const afterwards = { check: () => failed.then(() => true) };
    const result = await run([task('a', [], done, afterwards), task('b', ['a'], done, { check })]);
    expect(result.ok).toBe(true);
    expect(checks).toBe(2);
  });

  it('passes on the warnings of checks that were made early', async () => {
    const check: TaskDefinition<boolean, Change>['check'] = (ctx) => {
      ctx.warn('the disk is nearly full');
      return Promise.resolve(true);
    };
    const result = await run([task('a', [], new Set(['a'])), task('b', ['a'], new Set(), { check })]);
    expect(result.warnings).toEqual(['the disk is nearly full']);
  });

  it('ends early checks that still run when it ends', async () => {
    let ended = false;
    const check: TaskDefinition<boolean, Change>['check'] = (ctx) =>
      new Promise((_resolve, reject) => {
        ctx.signal.addEventListener('abort', () => {
          ended = true;
          reject(new Error('aborted'));
        });
      });
    const failing = { check: () => Promise.reject(new Error('no')) };
    const result = await run([task('a', [], new Set(), failing), task('b', ['a'], new Set(), { check })]);
    expect(result.ok).toBe(false);
    expect(ended).toBe(true);
  });
});
