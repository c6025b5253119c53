import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { pipelines } from '../Taskfile.ts';
import { Cli, ROOT } from './support/cli.ts';

const EXAMPLE = join(ROOT, 'docs/examples/Taskfile.ts');
const folder = mkdtempSync(join(tmpdir(), 'swarmup-taskfile-'));
const cli = new Cli(folder, { NO_COLOR: '1' });
writeFileSync(join(folder, 'swarmup.yaml'), 'name: good\nprovider: { type: qemu }\n');

interface TasksDocument {
  readonly pipelines: Readonly<Record<string, readonly string[]>>;
  readonly tasks: readonly {
    readonly id: string;
    readonly needs: readonly string[];
    readonly pipelines: readonly string[];
  }[];
}

function taskfile(text: string): string {
  const file = join(mkdtempSync(join(folder, 'own-')), 'tasks.ts');
  writeFileSync(file, text);
  return file;
}

describe('swarmup tasks', () => {
  it('lists every pipeline and task, with its needs', async () => {
    const { document } = await cli.json<TasksDocument>('tasks');
    expect(document.pipelines).toEqual(pipelines);
    expect(document.tasks.map((task) => task.id)).toEqual([...new Set(Object.values(pipelines).flat())]);
    expect(document.tasks.find((task) => task.id === 'join-workers')).toMatchObject({
      title: 'Workers joined',
      needs: ['install-docker', 'collect-token'],
      pipelines: ['up', 'replace', 'restore'],
    });
    const { stdout } = await cli.run(['tasks']);
    expect(stdout).toContain('join-workers\n  Joins the workers in parallel');
  });
});

describe('a user’s task file', () => {
  it('adds tasks and pipelines: the example in the documentation', async () => {
    const { document } = await cli.json<TasksDocument>('tasks', '--taskfile', EXAMPLE);
    expect(document.pipelines['tune']).toEqual(['tune-kernel', 'check-managers']);
    expect(document.pipelines['up']).toEqual([...pipelines.up, 'tune-kernel']);
    const plan = await cli.json<{ units: { task: string; changes: string[] }[] }>('plan', '--taskfile', EXAMPLE);
    expect(plan.status, plan.stderr).toBe(0);
    expect(plan.document.units.find((unit) => unit.task === 'tune-kernel')?.changes).toEqual([
      'manager1: vm.max_map_count = 262144',
    ]);
  });

  it('is found through the cluster file', async () => {
    writeFileSync(join(folder, 'own.yaml'), `name: good\nprovider: { type: qemu }\ntaskfile: ${EXAMPLE}\n`);
    const { document } = await cli.json<TasksDocument>('tasks', '-f', 'own.yaml');
    expect(document.pipelines).toHaveProperty('tune');
  });

  it('is quoted in full in the documentation', () => {
    const page = readFileSync(join(ROOT, 'docs/pipelines.md'), 'utf8');
    expect(page).toContain(`\`\`\`ts\n${readFileSync(EXAMPLE, 'utf8')}\`\`\``);
  });

  const TASK = `import { defineTask } from 'swarmup';
const task = (id: string, needs: string[] = []) => defineTask<undefined, never>({ id, title: id, about: id, needs,
  targets: () => [{ id: 'x' }], check: async () => undefined, absent: () => undefined, plan: () => [], apply: async () => {} });
`;

  it.each([
    ['does not exist', undefined, /can't be loaded: .*none\.ts/],
    ['is not valid TypeScript', 'const = 1;', /can't be loaded/],
    [
      'names an unknown task',
      'export const pipelines = { mine: ["provisoin"] };',
      /pipeline 'mine' names the task 'provisoin'[^]*Did you mean 'provision'/,
    ],
    ['exports something else', 'export const tasks = "none";', /export tasks has the wrong form/],
    ['exports an invalid task', 'export const tasks = [{ id: "x" }];', /export tasks\.0 has the wrong form/],
    [
      "reuses one of swarmup's ids",
      `${TASK}export const tasks = [task('provision')];`,
      /task 'provision' has the id of one of swarmup's own/,
    ],
    [
      'needs an unknown task',
      `${TASK}export const tasks = [task('a', ['b'])]; export const pipelines = { mine: ['a'] };`,
      /'a' needs 'b', which doesn't exist/,
    ],
    [
      'has circular needs',
      `${TASK}export const tasks = [task('a', ['b']), task('b', ['a'])]; export const pipelines = { mine: ['a', 'b'] };`,
      /need each other: a → b → a/,
    ],
  ])('that %s is an error with a fix', async (_name, text, message) => {
    const file = text === undefined ? join(folder, 'none.ts') : taskfile(text);
    const result = await cli.run(['tasks', '--taskfile', file]);
    expect(result.stderr).toMatch(message);
    expect(result.stderr).toMatch(/ {2}fix {2}\S/);
    expect(result.status).toBe(2);
  });

  it('runs its own pipelines by name, and suggests the nearest name for an unknown one', async () => {
    const own = taskfile(`${TASK}export const tasks = [task('mine')];\nexport const pipelines = { mine: ['mine'] };\n`);
    const run = await cli.json<{ ok: boolean; units: object[] }>('run', 'mine', '--taskfile', own);
    expect(run.document).toMatchObject({ ok: true, units: [{ task: 'mine', target: 'x', outcome: 'unchanged' }] });
    const wrong = await cli.run(['run', 'mien', '--taskfile', own]);
    expect(wrong.stderr).toMatch(/there is no pipeline 'mien'[^]*Did you mean 'mine'/);
    expect(wrong.status).toBe(2);
  });

  it('requires node names for a task that runs only on request', async () => {
    const result = await cli.run(['run', 'lose']);
    expect(result.stderr).toMatch(/the pipeline 'lose' runs only on named nodes[^]*--node/);
    expect(result.status).toBe(2);
  });
});
