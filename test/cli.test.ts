import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { pipelines } from '../Taskfile.ts';
import { checkTasks } from '../lib/pipeline/graph.ts';
import { loadTasks } from '../lib/cli/load-tasks.ts';
import { Cli } from './support/cli.ts';

const folder = mkdtempSync(join(tmpdir(), 'swarmup-cli-'));
const cli = new Cli(folder);
writeFileSync(join(folder, 'bad.yaml'), 'name: x\nprovider: { type: qemu }\nnodez: 3\n');
writeFileSync(join(folder, 'good.yaml'), 'name: good\nprovider: { type: qemu }\n');

describe('the command line', () => {
  it('shows help for the program and for every command', async () => {
    const help = await cli.run(['--help']);
    expect(help.status).toBe(0);
    for (const name of [
      'up',
      'plan',
      'verify',
      'status',
      'scale',
      'drain',
      'activate',
      'ssh',
      'exec',
      'ssh-config',
      'stop',
      'down',
    ])
      expect(help.stdout).toMatch(new RegExp(`^  ${name}`, 'm'));
    expect((await cli.run(['up', '--help'])).stdout).toContain('--only <ids>');
    expect((await cli.run(['--version'])).stdout.trim()).toMatch(/^\d+\.\d+\.\d+$/);
  });

  it.each([
    ['no command', [], /Usage: swarmup/],
    ['an unknown command', ['pu'], /Did you mean up\?/],
    ['an unknown option', ['up', '--jsn'], /Did you mean --json\?/],
    ['a wrong scale', ['scale', 'web:4'], /expected SERVICE=REPLICAS/],
    ['a cluster file that is not there', ['plan', '-f', 'none.yaml'], /there is no cluster file none\.yaml/],
    [
      'a cluster file with a mistake',
      ['plan', '-f', 'bad.yaml'],
      /bad\.yaml:3:1: unknown key 'nodez'[^]*did you mean 'nodes'/,
    ],
    [
      'a task that does not exist',
      ['plan', '-f', 'good.yaml', '--only', 'provisoin'],
      /there is no task 'provisoin'[^]*did you mean 'provision'/,
    ],
    ['a node that does not exist', ['drain', 'worker9', '-f', 'good.yaml'], /there is no node 'worker9'/],
  ])('ends with status 2 for %s', async (_name, argv, message) => {
    const result = await cli.run(argv);
    expect(result.stderr).toMatch(message);
    expect(result.status).toBe(2);
  });

  it('gives errors as JSON where JSON was asked for', async () => {
    const { document, status } = await cli.json<{ ok: boolean; error: { code: string } }>('up', '-f', 'bad.yaml');
    expect(document).toMatchObject({ ok: false, error: { code: 'CONFIG_INVALID' } });
    expect(status).toBe(2);
  });

  it('shows the state of a cluster that is not there', async () => {
    const { document, status } = await cli.json<{ nodes: object[]; cluster: object }>('status', '-f', 'good.yaml');
    expect(status).toBe(0);
    expect(document).toMatchObject({
      cluster: { name: 'good', id: null, provider: 'qemu' },
      nodes: [{ name: 'manager1', machine: 'absent', swarm: null }],
    });
    expect((await cli.run(['status', '-f', 'good.yaml'])).stdout).toContain('manager1  manager  absent');
  });
});

describe('the pipelines', () => {
  it('name tasks that exist, under their own names, with needs that make sense', async () => {
    const ids = [...new Set(Object.values(pipelines).flat())];
    expect((await loadTasks(ids)).map((task) => task.id)).toEqual(ids);
    for (const pipeline of Object.values(pipelines)) checkTasks(await loadTasks(pipeline), ids);
  });
});
