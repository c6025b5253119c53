import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { removeOwn } from '../../lib/util/remove.ts';
import { Cli, ROOT, type UpDocument } from '../../test/support/cli.ts';
import { accelerator } from '../accelerator.ts';
import { progress } from '../child.ts';
import { cleaningUp } from '../cleaning-up.ts';

/** `up` of the shipped file in an empty folder, twice, then `down`. Usage: local.ts boot|restore */

export interface LocalResult {
  readonly upMs: number;
  /** Until the last machine answered. */
  readonly sshMs: number;
  readonly secondMs: number;
  readonly accelerator: string;
}

const [start = ''] = process.argv.slice(2);
const folder = mkdtempSync(join(tmpdir(), 'swarmup-bench-'));
const cli = new Cli(folder);
const shipped = readFileSync(join(ROOT, 'config/local.yaml'), 'utf8');
const file = shipped
  .replace('name: local', 'name: bench-local')
  .replace('type: qemu,', `type: qemu, start: ${start},`)
  .replace('file: stacks/', `file: ${ROOT}config/stacks/`);
writeFileSync(join(folder, 'swarmup.yaml'), file);

async function up(...argv: string[]): Promise<UpDocument & { readonly ms: number }> {
  const { document, ms } = await cli.json<UpDocument>('up', '--yes', ...argv);
  if (!document.ok)
    throw new Error(
      JSON.stringify(
        document.units.flatMap(({ error }) => error ?? []),
        null,
        2,
      ),
    );
  progress(`local, ${start}: up ${argv.join(' ')} took ${Math.round(ms / 1000)} s`);
  return { ...document, ms };
}

async function down(): Promise<void> {
  const { status, stderr } = await cli.run(['down', '--yes']);
  if (status !== 0) throw new Error(`the machines were not removed:\n${stderr}`);
}

const result = await cleaningUp<LocalResult>(
  async () => {
    // The first restored machines save the state that later ones are restored from.
    if (start === 'restore') {
      await up('--only', 'provision');
      await down();
    }
    const first = await up();
    const provisioned = first.units.filter(({ task }) => task === 'provision').map(({ ms }) => ms);
    const second = await up();
    if (second.changed !== 0) throw new Error(`the second run changed ${second.changed}`);
    return {
      upMs: first.ms,
      sshMs: Math.max(...provisioned),
      secondMs: second.ms,
      accelerator: accelerator('bench-local'),
    };
  },
  async () => {
    await down();
    await removeOwn(folder);
  },
);
process.stdout.write(JSON.stringify(result));
