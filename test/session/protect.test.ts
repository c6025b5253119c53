import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { prepare } from '../../lib/session/prepare.ts';
import { pipelines } from '../../Taskfile.ts';
import { Cli, ROOT } from '../support/cli.ts';
import { clusterOf, fullText } from '../support/cluster.ts';

const folder = mkdtempSync(join(tmpdir(), 'swarmup-protect-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const protectedOne = () => clusterOf(`${fullText(1, 1)}protect: true\n`);

/** The pipelines that would remove nodes or services. */
const REMOVING = ['replace', 'down', 'uninstall', 'remove'];

describe('a cluster with protect: true', () => {
  it.each(Object.keys(pipelines))(
    'refuses the pipeline %s if it removes something, before any connection',
    async (name) => {
      const nodes = ['worker1'];
      const prepared = prepare(name, await protectedOne(), { nodes });
      if (REMOVING.includes(name))
        await expect(prepared).rejects.toMatchObject({
          code: 'PROTECTED',
          message: `test is protected: ${name} would remove nodes or services`,
          fix: expect.stringMatching(/^If that is intended, take 'protect: true' out of \/.*swarmup\.yaml first\.$/),
        });
      else expect((await prepared).request.pipeline).toBe(name);
    },
  );

  it('refuses up --prune, and nothing that only looks', async () => {
    const cluster = await protectedOne();
    await expect(prepare('up', cluster, { prune: true })).rejects.toMatchObject({ code: 'PROTECTED' });
    await expect(prepare('up', cluster, { prune: true, mode: 'plan' })).resolves.toBeDefined();
    await expect(prepare('down', cluster, { mode: 'plan' })).resolves.toBeDefined();
  });

  it('is removed once the key is out of the file', async () => {
    await expect(prepare('down', await clusterOf(fullText(1, 1)), {})).resolves.toBeDefined();
  });
});

describe('the command line, without a terminal and without --yes', () => {
  const cli = new Cli(folder);
  const write = (more: string) =>
    writeFileSync(
      join(folder, 'swarmup.yaml'),
      `name: asked\nprovider: { type: ${join(ROOT, 'test/support/stuck-provider.ts')} }\nnodes: { managers: 1, workers: 0 }\n${more}`,
    );

  it('refuses to rotate the root certificate', async () => {
    write('');
    const { status, document } = await cli.json<{ error: { code: string; message: string } }>('rotate', 'ca');
    expect(status).toBe(2);
    expect(document.error).toMatchObject({
      code: 'NEEDS_CONFIRMATION',
      message: expect.stringContaining('root certificate of asked'),
    });
  });

  it('ends with status 2 on a protected cluster, also for the nightly test', async () => {
    write('protect: true\n');
    for (const argv of [
      ['down', '--yes'],
      ['nightly', '--yes'],
      ['up', '--prune', '--yes'],
    ]) {
      const { status, document } = await cli.json<{ error: { code: string } }>(...argv);
      expect({ argv, status, code: document.error.code }).toEqual({ argv, status: 2, code: 'PROTECTED' });
    }
  });
});
