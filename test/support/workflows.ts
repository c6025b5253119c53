import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import { ROOT } from './cli.ts';

export const WORKFLOWS = join(ROOT, '.github/workflows');

export interface Workflow {
  readonly on: Readonly<Record<string, unknown>>;
  readonly permissions: object;
  readonly jobs: Readonly<Record<string, { readonly steps: readonly Step[]; readonly 'timeout-minutes': number }>>;
}

interface Step {
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

/** The command that the nightly workflow runs: the one that starts swarmup. */
export function nightlyCommand(): string {
  const steps = Object.values(workflow('nightly.yml').jobs).flatMap((job) => job.steps);
  const command = steps.map((step) => step.run).find((run) => run?.startsWith('./swarmup'));
  if (command === undefined) throw new Error('the nightly workflow runs no swarmup');
  return command;
}
