import { spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { nightlyCommand, runStep, stepsOf, workflow, WORKFLOWS } from './support/workflows.ts';
import { ROOT } from './support/cli.ts';

const files = readdirSync(WORKFLOWS);

/** Permissions of jobs beyond reading the repository: each line is a way to harm the project, if the job were taken over. */
const PERMISSIONS: Readonly<Record<string, object>> = {
  'codeql.yml analyze': { contents: 'read', 'security-events': 'write' },
  'release.yml publish': { 'id-token': 'write' },
  'release.yml release': { contents: 'write' },
};

let folder: string;
beforeEach(() => void (folder = mkdtempSync(join(tmpdir(), 'swarmup-workflows-'))));
afterEach(() => rmSync(folder, { recursive: true, force: true }));

describe('the workflows', () => {
  it('are exactly these files', () => {
    expect(files.toSorted()).toEqual(['ci.yml', 'codeql.yml', 'long.yml', 'nightly.yml', 'release.yml']);
  });

  it.each(files)('%s pins every action to a commit, with its version beside it', (file) => {
    const text = readFileSync(join(WORKFLOWS, file), 'utf8');
    const uses = [...text.matchAll(/uses: (.*)/g)].map((match) => match[1]);
    expect(uses.length).toBeGreaterThan(0);
    for (const one of uses)
      expect(one).toMatch(
        /^((actions|github)\/[a-z-]+(\/[a-z]+)?@[0-9a-f]{40} # v\d+\.\d+\.\d+|\.\/\.github\/workflows\/long\.yml)$/,
      );
  });

  it('use one version of each action', () => {
    const actions = files.flatMap((file) => stepsOf(workflow(file)).flatMap(({ uses = [] }) => uses));
    const names = new Set(actions.map((action) => action.split('@')[0]));
    expect(new Set(actions).size).toBe(names.size);
  });

  it.each(files)('%s has minimal permissions, keeps no credentials, and has a time limit', (file) => {
    const one = workflow(file);
    expect(one.permissions).toEqual({ contents: 'read' });
    for (const [name, job] of Object.entries(one.jobs)) {
      expect(job.permissions).toEqual(PERMISSIONS[`${file} ${name}`]);
      if (job.uses === undefined) expect(job['timeout-minutes']).toBeLessThanOrEqual(file === 'long.yml' ? 180 : 90);
    }
    for (const step of stepsOf(one).filter(({ uses }) => uses?.startsWith('actions/checkout@')))
      expect(step.with).toEqual({ 'persist-credentials': false });
  });

  it("run CI's tests on changes, and longer ones by schedule and by hand", () => {
    expect(stepsOf(workflow('ci.yml')).map((step) => step.run)).toContainEqual(
      expect.stringMatching(/bash \.ci\/run$/),
    );
    expect(stepsOf(workflow('long.yml')).map((step) => step.run)).toContainEqual(
      expect.stringMatching(/CI=true .*npm run long/),
    );
    const nightly = workflow('nightly.yml');
    expect(Object.keys(nightly.on)).toEqual(['schedule', 'workflow_dispatch']);
    expect(Object.keys(workflow('long.yml').on)).toEqual(['schedule', 'workflow_dispatch', 'workflow_call']);
    const upload = stepsOf(nightly).find((step) => step.uses?.startsWith('actions/upload-artifact@'));
    expect(upload).toMatchObject({ if: 'always()', with: { path: 'nightly-report' } });
    expect(nightlyCommand()).toContain('--out nightly-report');
  });

  it('for GitLab in the documentation run the same command', () => {
    const page = readFileSync(join(ROOT, 'docs/ci.md'), 'utf8');
    const snippet = /```yaml\n([^]*?)```/.exec(page)?.[1] ?? '';
    const { nightly } = parse(snippet);
    expect(nightly.script).toEqual([nightlyCommand()]);
    expect(nightly.artifacts).toMatchObject({
      when: 'always',
      paths: ['nightly-report'],
      reports: { junit: 'nightly-report/junit.xml' },
    });
  });
});

describe('a release', () => {
  const { jobs } = workflow('release.yml');

  it('is published only after everything was tested, and made public on GitHub last', () => {
    expect(jobs['test']).toEqual({ needs: 'build', uses: './.github/workflows/long.yml' });
    expect(jobs['publish']?.needs).toEqual(['build', 'test']);
    expect(jobs['release']?.needs).toBe('publish');
  });

  it.each(['publish', 'release'])('runs no code of the repository in the job %s, which may write', (name) => {
    const used = (jobs[name]?.steps ?? []).map(({ uses }) => uses?.split('@')[0]);
    expect(used).not.toContain('actions/checkout');
    expect(jobs[name]?.steps?.at(-1)?.run).not.toMatch(/npm (ci|install|run)|node /);
  });

  it('stops before the build when its tag is not the version', () => {
    const steps = (jobs['build']?.steps ?? []).map(({ name }) => name);
    expect(steps.indexOf('Release notes')).toBeLessThan(steps.indexOf('Package'));
    const path = `${join(ROOT, 'node_modules/.bin')}${delimiter}${process.env['PATH']}`;
    mkdirSync(join(folder, 'scripts'));
    for (const name of ['scripts/release-notes.ts', 'package.json'])
      writeFileSync(join(folder, name), readFileSync(join(ROOT, name)));
    writeFileSync(join(folder, 'CHANGELOG.md'), '## [0.0.0]\n\n- Nothing.\n');
    const { status, stderr } = runStep('release.yml', 'Release notes', folder, {
      PATH: path,
      GITHUB_REF_NAME: 'v0.0.0',
    });
    expect(stderr).toMatch(/^The tag is "v0\.0\.0", but the version in package\.json is /);
    expect(status).toBe(1);
  });

  it.each([
    ['v1.2.3', []],
    ['v1.2.3-rc.1', ['--prerelease']],
  ])('is published on GitHub with the archive and the notes: tag %s, extra flags %j', (tag, kind) => {
    // A stand-in for GitHub's command line that prints its arguments.
    writeFileSync(join(folder, 'gh'), '#!/bin/sh\nprintf "%s\\n" "$@"\n');
    chmodSync(join(folder, 'gh'), 0o755);
    writeFileSync(join(folder, 'swarmup-1.2.3.tgz'), '');
    const { status, stdout } = runStep('release.yml', 'GitHub release', folder, {
      PATH: `${folder}${delimiter}${process.env['PATH']}`,
      GITHUB_REF_NAME: tag,
      GITHUB_REPOSITORY: 'somebody/swarmup',
    });
    const archive = ['release', 'create', tag, './swarmup-1.2.3.tgz', '--repo', 'somebody/swarmup', '--verify-tag'];
    expect(stdout.trim().split('\n')).toEqual([...archive, '--title', tag, '--notes-file', 'notes.md', ...kind]);
    expect(status).toBe(0);
  });
});

describe('the check of workflows', () => {
  const checked = (text: string) => {
    const file = join(folder, 'workflow.yml');
    writeFileSync(file, text);
    const argv = ['scripts/check-workflows.ts', file];
    const { status, stderr } = spawnSync(process.execPath, argv, { cwd: ROOT, encoding: 'utf8' });
    return { status, faults: stderr.replaceAll(`${file}:`, '').trim() };
  };

  it.each([
    ['an unknown event', 'on: pushed', "1:5 Unexpected value 'pushed'"],
    ['an unknown permission', 'on: push\npermissions: { content: read }', "2:16 Unexpected value 'content'"],
    ['an unknown context', 'on: push\nname: ${{ nonsense.ref }}', 'nonsense'],
  ])('finds %s', (_what, head, fault) => {
    const jobs = 'jobs: { a: { runs-on: ubuntu-24.04, steps: [{ run: "true" }] } }';
    const { status, faults } = checked(`${head}\n${jobs}\n`);
    expect(faults).toContain(fault);
    expect(status).toBe(1);
  });

  it('finds a job that needs a missing one', () => {
    const jobs = 'jobs: { a: { needs: [b], runs-on: ubuntu-24.04, steps: [{ run: "true" }] } }';
    const { status, faults } = checked(`on: push\n${jobs}\n`);
    expect(faults).toContain("Value 'b' is not valid");
    expect(status).toBe(1);
  });

  it('accepts a valid workflow', () => {
    const jobs = 'jobs: { a: { runs-on: ubuntu-24.04, steps: [{ run: "echo ${{ github.ref }}" }] } }';
    expect(checked(`on: push\n${jobs}\n`)).toEqual({ status: 0, faults: '' });
  });
});
