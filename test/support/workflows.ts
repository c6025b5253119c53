import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import { ROOT } from './cli.ts';

export const WORKFLOWS = join(ROOT, '.github/workflows');

export interface Workflow {
  readonly on: Readonly<Record<string, unknown>>;
  readonly permissions: object;
  readonly jobs: Readonly<Record<string, Job>>;
}

export interface Job {
  readonly needs?: string | readonly string[];
  readonly permissions?: object;
  readonly 'timeout-minutes'?: number;
  /** The workflow that the job calls, instead of steps. */
  readonly uses?: string;
  readonly steps?: readonly Step[];
}

export interface Step {
  readonly name?: string;
  readonly uses?: string;
  readonly run?: string;
  readonly if?: string;
  readonly with?: Readonly<Record<string, unknown>>;
}

/** A workflow of GitHub Actions. */
export function workflow(file: string): Workflow {
  return parse(readFileSync(join(WORKFLOWS, file), 'utf8'));
}

export function stepsOf(one: Workflow): readonly Step[] {
  return Object.values(one.jobs).flatMap((job) => job.steps ?? []);
}

/** The command of the nightly workflow that starts swarmup. */
export function nightlyCommand(): string {
  const command = stepsOf(workflow('nightly.yml'))
    .map((step) => step.run)
    .find((run) => run?.startsWith('./swarmup'));
  if (command === undefined) throw new Error('the nightly workflow runs no swarmup');
  return command;
}

/** Runs the script of a step in a folder, with the shell that GitHub uses. */
export function runStep(file: string, name: string, cwd: string, env: Readonly<Record<string, string>>) {
  const script = stepsOf(workflow(file)).find((step) => step.name === name)?.run;
  if (script === undefined) throw new Error(`${file} has no step ${name} with a script`);
  return spawnSync('bash', ['--noprofile', '--norc', '-e', '-c', script], {
    cwd,
    encoding: 'utf8',
    env: { ...process.env, ...env },
  });
}
