import { describe, expect, it } from 'vitest';
import { checkTasks, layOut, type Selection } from '../../lib/pipeline/graph.ts';
import { defineTask, type Need, type Task } from '../../lib/pipeline/task.ts';
import { onNodes } from '../../lib/contracts/target.ts';
import { clusterOf } from '../support/cluster.ts';

function task(id: string, needs: (string | Need)[], on: 'nodes' | 'cluster' = 'nodes'): Task {
  return defineTask({
    id,
    title: id,
    about: id,
    needs,
    targets: (cluster) => (on === 'nodes' ? onNodes(cluster.nodes) : [{ id: 'cluster' }]),
    check: async () => undefined,
    absent: () => undefined,
    plan: () => [],
    apply: async () => undefined,
  });
}

const cluster = await clusterOf('name: x\nprovider: { type: qemu }\nnodes: { managers: 1, workers: 1 }\n');
const world = { before: new Map() };
const needsOf = (tasks: Task[], selection: Selection = {}) =>
  Object.fromEntries(
    layOut(tasks, cluster, world, selection).map((unit) => [
      unit.key,
      [...unit.needs].map((need) => need.key).toSorted(),
    ]),
  );

describe('the graph of a pipeline', () => {
  it('connects units of the same node, and all units where one side is not a node', () => {
    expect(needsOf([task('a', []), task('b', ['a']), task('c', ['b'], 'cluster'), task('d', ['c'])])).toEqual({
      'a@manager1': [],
      'a@worker1': [],
      'b@manager1': ['a@manager1'],
      'b@worker1': ['a@worker1'],
      'c@cluster': ['b@manager1', 'b@worker1'],
      'd@manager1': ['c@cluster'],
      'd@worker1': ['c@cluster'],
    });
  });

  it('keeps the order through unselected units', () => {
    const tasks = [task('a', []), task('b', ['a']), task('c', ['b'])];
    expect(needsOf(tasks, { skip: ['b'] })).toMatchObject({ 'c@worker1': ['a@worker1'] });
    expect(needsOf(tasks, { only: ['c'] })).toEqual({ 'c@manager1': [], 'c@worker1': [] });
    expect(Object.keys(needsOf(tasks, { from: 'b', to: 'b', nodes: ['worker1'] }))).toEqual(['b@worker1']);
  });

  it('may select needs with a predicate', () => {
    const first = task('a', []);
    const second = task('b', [{ task: 'a', of: (other) => other.node === 'manager1' }]);
    expect(needsOf([first, second])['b@worker1']).toEqual(['a@manager1']);
  });
});

describe('targets that come after others', () => {
  /** A task with these targets, each after some units. */
  const ordered = (id: string, after: Record<string, readonly (readonly [string, string])[]>, needs: string[] = []) =>
    ({
      ...task(id, needs),
      targets: () =>
        Object.entries(after).map(([target, units]) => ({
          id: target,
          after: units.map(([of, name]) => ({ task: of, target: name })),
        })),
    }) satisfies Task;

  it('need these units, of their own task and of others, and nothing that is not in the pipeline', () => {
    const services = ordered('services', {
      web: [
        ['services', 'db'],
        ['stacks', 'base'],
        ['gone', 'x'],
      ],
      db: [],
    });
    expect(needsOf([services, ordered('stacks', { base: [], app: [['services', 'web']] })])).toEqual({
      'services@web': ['services@db', 'stacks@base'],
      'services@db': [],
      'stacks@base': [],
      'stacks@app': ['services@web'],
    });
  });

  it('wait for what an unselected unit waits for', () => {
    const tasks = [ordered('a', { x: [] }), ordered('b', { y: [['a', 'x']] }), ordered('c', { z: [['b', 'y']] })];
    expect(needsOf(tasks, { skip: ['b'] })).toMatchObject({ 'c@z': ['a@x'] });
    const [only] = layOut(tasks, cluster, world, { only: ['c'] });
    expect(only?.leftOut.map(({ key }) => key)).toEqual(['b@y']);
  });

  it('are refused when they would wait for each other', () => {
    const first = ordered('a', { x: [['b', 'y']] });
    expect(() => needsOf([first, ordered('b', { y: [] }, ['a'])])).toThrow(
      'these units wait for each other: a@x → b@y → a@x',
    );
  });
});

describe('checking tasks', () => {
  it('finds circles, unknown needs and duplicates before anything runs', () => {
    expect(() => checkTasks([task('a', ['c']), task('b', ['a']), task('c', ['b'])], [])).toThrow(
      'these tasks need each other: a → c → b → a',
    );
    expect(() => checkTasks([task('a', ['nope'])], ['a'])).toThrow("the task 'a' needs 'nope', which doesn't exist");
    expect(() => checkTasks([task('a', []), task('a', [])], [])).toThrow("the task 'a' is in the pipeline twice");
    expect(() => checkTasks([task('b', ['a'])], ['a', 'b'])).not.toThrow();
  });
});
