import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { writeArchive } from '../../lib/images/archive.ts';
import { usersOf } from '../../lib/providers/users.ts';
import { Cli, type UpDocument } from '../support/cli.ts';
import { onNode } from '../support/machines.ts';

const folder = mkdtempSync(join(tmpdir(), 'swarmup-states-'));
const archive = join(folder, 'greeting.tar');
const NAMES = ['e2e-one', 'e2e-other'] as const;
const clusters = NAMES.map((name) => {
  const cli = new Cli(mkdtempSync(join(folder, `${name}-`)));
  writeFileSync(
    join(cli.folder, 'swarmup.yaml'),
    `name: ${name}
provider: { type: qemu }
nodes: { managers: 1 }
images: { load: [${archive}] }
services:
  greeting: { image: 'greeting:1', replicas: 0 }
`,
  );
  return { name, cli };
});

afterAll(async () => {
  for (const { cli } of clusters) await cli.run(['down', '--yes']);
  rmSync(folder, { recursive: true, force: true });
});

function stateOf({ name, cli }: (typeof clusters)[number]): string {
  const record = join(cli.folder, '.swarmup', name, 'machines', 'manager1', 'machine.json');
  const { state }: { state: string } = JSON.parse(readFileSync(record, 'utf8'));
  return state;
}

describe('two runs that need the same new state', () => {
  it('make it at once without disturbing each other', async () => {
    await writeArchive(archive, Buffer.alloc(10_240), [{ name: 'greeting:1', config: { Cmd: ['/greet'] } }], 'amd64');
    const ups = await Promise.all(
      clusters.map(({ cli }) => cli.json<UpDocument>('up', '--only', 'provision', '--yes')),
    );
    for (const { document } of ups) {
      expect(document.units.flatMap(({ error }) => error ?? [])).toEqual([]);
      expect(document.warnings.join()).not.toContain('state');
    }
    const states = new Set(clusters.map(stateOf));
    expect(states.size).toBe(1);
    const [state = ''] = states;
    expect(await usersOf(state)).toHaveLength(2);
    // Nothing is left of the slower one's work.
    const key = basename(state);
    expect(readdirSync(dirname(state)).filter((name) => name.includes(key))).toEqual([key, `${key}.users`]);
  });

  it('get machines that have the images of the archives without loading them', async () => {
    for (const { cli } of clusters) {
      const sshConfig = join(cli.folder, 'ssh-config');
      writeFileSync(sshConfig, (await cli.run(['ssh-config'])).stdout);
      expect(await onNode(sshConfig, 'manager1', "docker image inspect -f '{{.Config.Cmd}}' greeting:1")).toBe(
        '[/greet]',
      );
      const { document } = await cli.json<UpDocument>('up', '--yes');
      const pulling = document.units.filter(({ task }) => task === 'pull-images');
      expect(pulling.map(({ outcome, changes }) => [outcome, changes])).toEqual([['unchanged', []]]);
    }
  });
});
