import { execFile } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { nightly } from '../../Taskfile.ts';
import { readRecord } from '../../lib/record/store.ts';
import { Cli, ROOT } from '../support/cli.ts';
import { qemuProcesses } from '../support/machines.ts';
import { nightlyCommand } from '../support/workflows.ts';

// The nightly job of the workflow: its command, in a folder that contains only the launcher.
const folder = mkdtempSync(join(tmpdir(), 'swarmup-e2e-'));
symlinkSync(join(ROOT, 'swarmup'), join(folder, 'swarmup'));
const report = join(folder, 'nightly-report');

afterAll(async () => {
  if (qemuProcesses('nightly').length > 0)
    await new Cli(folder).run(['down', '--yes', '-f', join(ROOT, 'config/nightly.yaml')]);
  rmSync(folder, { recursive: true, force: true });
});

/** Runs a step as GitHub does: with bash that stops at the first error. */
function step(command: string): Promise<{ status: number; output: string }> {
  const argv = ['--noprofile', '--norc', '-eo', 'pipefail', '-c', command];
  const env = { ...process.env, CI: 'true', GITHUB_ACTIONS: 'true' };
  return new Promise((resolve) => {
    execFile('bash', argv, { cwd: folder, env, maxBuffer: 50_000_000 }, (error, stdout, stderr) =>
      resolve({ status: error ? Number(error.code ?? 1) : 0, output: stdout + stderr }),
    );
  });
}

describe('the nightly job', () => {
  it('runs every stage, and leaves only reports', async () => {
    const { status, output } = await step(nightlyCommand());
    expect(status, output).toBe(0);
    expect(qemuProcesses('nightly')).toEqual([]);
    expect(readdirSync(folder).toSorted()).toEqual(['nightly-report', 'swarmup']);
    expect(readdirSync(report).toSorted()).toEqual(['junit.xml', 'record', 'report.html']);
    // Folded for GitHub, one group per stage.
    expect(output.match(/^::group::/gm)).toHaveLength(nightly.length);
    expect(output.match(/^::endgroup::$/gm)).toHaveLength(nightly.length);
    expect(output).not.toContain('::error');
  });

  it('did in each stage what the stage tests', async () => {
    const { stages, status } = await readRecord(join(report, 'record'), 'nightly');
    expect(stages.map((stage) => stage.title)).toEqual(nightly.map((stage) => stage.title));
    expect(stages.every((stage) => stage.ok)).toBe(true);
    const stage = (title: string) => stages.find((one) => one.title === title)!;
    expect(stage('A second run changes nothing').units.map((unit) => unit.outcome)).not.toContain('changed');
    const victims = stages.flatMap((one) =>
      one.pipeline === 'lose' ? one.units.flatMap((unit) => unit.changes.map((change) => change.sentence)) : [],
    );
    expect(victims).toEqual(["cut worker1's power", expect.stringMatching(/^cut manager[123]'s power$/)]);
    const asked = stage('The others carry on without both').units.filter((unit) => unit.task === 'verify-http');
    expect(asked.map((unit) => unit.outcome)).toEqual(['unchanged', 'unchanged']);
    expect(stage('Both are back').units.flatMap((unit) => unit.changes.map((change) => change.sentence))).toEqual(
      expect.arrayContaining(['start machine worker1']),
    );
    expect(status?.nodes.map((node) => node.swarm?.state)).toEqual(['ready', 'ready', 'ready', 'ready']);
    const junit = readFileSync(join(report, 'junit.xml'), 'utf8');
    expect(junit.match(/<testsuite /g)).toHaveLength(nightly.length);
    expect(junit).not.toContain('<failure');
    expect(statSync(join(report, 'report.html')).size).toBeLessThan(300_000);
  });
});
