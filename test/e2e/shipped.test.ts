import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { Cli, type StatusDocument, type UpDocument } from '../support/cli.ts';
import { expectOk } from '../support/expect.ts';
import { get, qemuProcesses } from '../support/machines.ts';

// The README's main command in an empty folder, with the file that a checkout takes by itself.
const folder = mkdtempSync(join(tmpdir(), 'swarmup-e2e-'));
const cli = new Cli(folder);
const EXAMPLE = ['--example', 'local'] as const;

afterAll(async () => {
  if (readdirSync(folder).includes('.swarmup')) await cli.run(['down', '--yes', ...EXAMPLE]);
  rmSync(folder, { recursive: true, force: true });
});

describe('swarmup up --example local', () => {
  it('ends with HTTP 200 from every node', async () => {
    const up = await cli.run(['up', ...EXAMPLE]);
    expect(up.status, up.stderr + up.stdout).toBe(0);
    expect(up.stdout).toContain('local matches its cluster file');
    const { document } = await cli.json<StatusDocument>('status', ...EXAMPLE);
    const urls = document.services.flatMap((service) =>
      service.urls.filter((url) => service.name === 'web' && url.port === 80),
    );
    expect(urls.map((url) => url.node)).toEqual(['manager1', 'worker1', 'worker2']);
    for (const { url } of urls)
      expect(await get(url)).toMatchObject({ status: 200, body: expect.stringContaining('Welcome to nginx') });
  });

  it('warns once that the registry is unreachable, and says how to supply the skipped images', async () => {
    const again = await cli.json<UpDocument>('up', ...EXAMPLE);
    expectOk(again);
    expect(again.document.changed).toBe(0);
    const stack = again.document.units.find((unit) => unit.task === 'deploy-stacks');
    // Where Docker Hub can be reached, the real Portainer runs instead.
    if (stack?.outcome === 'unchanged') return;
    expect(stack).toMatchObject({ outcome: 'skipped', reason: expect.stringContaining('images.load') });
    expect(again.document.warnings.filter((warning) => warning.includes('registry'))).toHaveLength(1);
  });

  it('is undone by down, which leaves nothing behind', async () => {
    expectOk(await cli.json<UpDocument>('down', '--yes', ...EXAMPLE));
    expect(readdirSync(folder)).toEqual(['output.log']);
    expect(qemuProcesses('local').length).toBe(0);
  });
});
