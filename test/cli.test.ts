import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { Option } from 'commander';
import { pipelines } from '../Taskfile.ts';
import { buildProgram, COMMANDS } from '../lib/cli/program.ts';
import { checkTasks } from '../lib/pipeline/graph.ts';
import { loadTasks } from '../lib/session/load-tasks.ts';
import { Cli } from './support/cli.ts';

const folder = mkdtempSync(join(tmpdir(), 'swarmup-cli-'));
// In CI, the output would have colours.
const cli = new Cli(folder, { NO_COLOR: '1' });
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
    ['no command', [], /^swarmup brings up .*\n\n {2}swarmup up --example local /],
    ['an unknown command', ['pu'], /Did you mean up\?/],
    ['an unknown option', ['up', '--jsn'], /Did you mean --json\?/],
    [
      'no command to explain',
      ['help', 'nosuch'],
      /^✖ there is no command 'nosuch'\n {2}fix {2}Expected one of up, plan/,
    ],
    [
      'a missing argument',
      ['scale'],
      /^✖ missing required argument 'service=replicas'\n {2}fix {2}'swarmup help scale' shows/,
    ],
    [
      'an unknown command of a group',
      ['import', 'nosuch'],
      /^✖ unknown command 'nosuch'\n {2}fix {2}'swarmup help import' shows/,
    ],
    ['an invalid scale', ['scale', 'web:4'], /expected SERVICE=REPLICAS/],
    ['a missing cluster file', ['plan', '-f', 'none.yaml'], /there is no cluster file none\.yaml/],
    [
      'a cluster file with a mistake',
      ['plan', '-f', 'bad.yaml'],
      /bad\.yaml:3:1: unknown key 'nodez'[^]*did you mean 'nodes'/,
    ],
    [
      'an unknown task',
      ['plan', '-f', 'good.yaml', '--only', 'provisoin'],
      /there is no task 'provisoin'[^]*Did you mean 'provision'/,
    ],
    ['an unknown node', ['drain', 'worker9', '-f', 'good.yaml'], /there is no node 'worker9'/],
  ])('ends with status 2 for %s', async (_name, argv, message) => {
    const result = await cli.run(argv);
    expect(result.stderr).toMatch(message);
    expect(result.status).toBe(2);
  });

  it('prints errors as JSON with --json', async () => {
    const { document, status } = await cli.json<{ ok: boolean; error: { code: string } }>('up', '-f', 'bad.yaml');
    expect(document).toMatchObject({ ok: false, error: { code: 'CONFIG_INVALID' } });
    expect(status).toBe(2);
  });

  it('prints wrong usage as JSON too', async () => {
    const { document, status } = await cli.json<{ error: object }>('up', '--onli', 'x');
    expect(document.error).toEqual({
      code: 'USAGE',
      message: "unknown option '--onli'",
      fix: "Did you mean --only? 'swarmup help up' shows its usage.",
    });
    expect(status).toBe(2);
  });

  it('shows the status of a cluster that does not exist', async () => {
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
  it('name only existing tasks, under their ids, with valid needs', async () => {
    const ids = [...new Set(Object.values(pipelines).flat())];
    expect((await loadTasks(ids)).map((task) => task.id)).toEqual(ids);
    for (const pipeline of Object.values(pipelines)) checkTasks(await loadTasks(pipeline), ids);
  });
});

describe('the description of a command', () => {
  /** Parses a command line. @returns the arguments and options that the command would run with */
  function parse(line: string): { name: string; values: readonly unknown[] } | undefined {
    let seen: { name: string; values: readonly unknown[] } | undefined;
    const recording = COMMANDS.map((command) => ({
      ...command,
      run: async (values: readonly unknown[]) => {
        seen = { name: command.name, values };
        return 0;
      },
    }));
    const program = buildProgram(() => undefined, '', recording);
    for (const one of [program, ...program.commands, ...program.commands.flatMap(({ commands }) => commands)])
      one.exitOverride().configureOutput({ writeErr: () => undefined, writeOut: () => undefined });
    program.parse(line.split(' '), { from: 'user' });
    return seen;
  }

  const examples = COMMANDS.flatMap(({ name, examples: lines }) => Object.keys(lines).map((line) => [line, name]));

  it.each(examples)('has the example `swarmup %s`, which parses as %s', (line, name) => {
    expect(parse(line.split(' >')[0] ?? '')?.name).toBe(name);
  });

  it.each(COMMANDS.map((command) => [command.name, command] as const))(
    'of %s has an example, and stores every option under the name of its flag',
    (_name, { options, examples: lines }) => {
      expect(Object.keys(lines).length).toBeGreaterThan(0);
      for (const [key, { flags, description }] of Object.entries(options))
        expect(new Option(flags, description).attributeName()).toBe(key);
    },
  );

  it('passes typed arguments and options to the command', () => {
    expect(parse('scale web=4 api=2 --lock-wait 10m --only a,b')?.values).toEqual([
      [
        { service: 'web', replicas: 4 },
        { service: 'api', replicas: 2 },
      ],
      { lockWait: 600_000, only: ['a', 'b'] },
    ]);
    expect(parse('logs web -n 20 -f')?.values).toEqual(['web', { tail: 20, file: true }]);
    expect(parse('backup --volume a:b --volume c:d')?.values).toEqual([{ recipient: [], volume: ['a:b', 'c:d'] }]);
    expect(parse('import swarm --manager 10.0.0.1 --port 2222')?.values).toEqual([
      { name: 'imported', manager: '10.0.0.1', port: 2222 },
    ]);
  });

  it.each(['import swarm --manager x --port 70000', 'import swarm --manager x --port ssh', 'logs web -n many'])(
    'refuses `swarmup %s`',
    (line) => {
      expect(() => parse(line)).toThrow(/expected a (port|whole number)/);
    },
  );
});
