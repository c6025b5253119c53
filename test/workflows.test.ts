import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { nightlyCommand, workflow, WORKFLOWS, type Workflow } from './support/workflows.ts';
import { ROOT } from './support/cli.ts';

const files = readdirSync(WORKFLOWS);
const stepsOf = (one: Workflow) => Object.values(one.jobs).flatMap((job) => job.steps);

describe('the workflows', () => {
  it('are these', () => {
    expect(files.toSorted()).toEqual(['ci.yml', 'long.yml', 'nightly.yml']);
  });

  it.each(files)('%s pins every action to a commit, with its version beside it', (file) => {
    const text = readFileSync(join(WORKFLOWS, file), 'utf8');
    const uses = [...text.matchAll(/uses: (.*)/g)].map((match) => match[1]);
    expect(uses.length).toBeGreaterThan(0);
    for (const one of uses) expect(one).toMatch(/^actions\/[a-z-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$/);
  });

  it.each(files)('%s may only read, keeps no credentials, and ends by itself', (file) => {
    const one = workflow(file);
    expect(one.permissions).toEqual({ contents: 'read' });
    for (const job of Object.values(one.jobs)) {
      expect(job).not.toHaveProperty('permissions');
      expect(job['timeout-minutes']).toBeLessThanOrEqual(file === 'long.yml' ? 180 : 90);
    }
    const checkout = stepsOf(one).find((step) => step.uses?.startsWith('actions/checkout@'));
    expect(checkout?.with).toEqual({ 'persist-credentials': false });
  });

  it('test what CI tests, and what takes longer by time and by hand', () => {
    expect(stepsOf(workflow('ci.yml')).map((step) => step.run)).toContainEqual(
      expect.stringMatching(/bash \.ci\/run$/),
    );
    expect(stepsOf(workflow('long.yml')).map((step) => step.run)).toContainEqual(
      expect.stringMatching(/CI=true .*npm run long/),
    );
    const nightly = workflow('nightly.yml');
    for (const one of [nightly, workflow('long.yml')])
      expect(Object.keys(one.on)).toEqual(['schedule', 'workflow_dispatch']);
    const upload = stepsOf(nightly).find((step) => step.uses?.startsWith('actions/upload-artifact@'));
    expect(upload).toMatchObject({ if: 'always()', with: { path: 'nightly-report' } });
    expect(nightlyCommand()).toContain('--out nightly-report');
  });

  it('of GitLab in the documentation runs the same command', () => {
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
