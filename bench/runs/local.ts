import { existsSync, mkdtempSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { removeUsed, usersOf } from '../../lib/providers/users.ts';
import { removeOwn } from '../../lib/util/remove.ts';
import { isAlive } from '../../lib/remote/processes.ts';
import { Cli, ROOT, type StatusDocument, type UpDocument } from '../../test/support/cli.ts';
import { get, qemuProcesses } from '../../test/support/machines.ts';
import { accelerator } from '../accelerator.ts';
import { progress } from '../child.ts';
import { cleaningUp } from '../cleaning-up.ts';

/**
 * `up` of the shipped file in an empty folder, twice, then `down`. Usage: local.ts boot|save|restore
 *
 * - boot: the machines boot
 * - save: there is no saved state for these machines yet, so the first one is saved
 * - restore: the machines are restored from a saved state, and later from a snapshot
 */

export interface LocalResult {
  readonly upMs: number;
  /** Until the last machine answered. */
  readonly sshMs: number;
  readonly secondMs: number;
  readonly snapshot?: SnapshotResult;
  readonly accelerator: string;
}

export interface SnapshotResult {
  /** How long the machines stood still while they were saved. */
  readonly pausedMs: number;
  readonly bytes: number;
  /** From the start of `snapshot restore` until every node answered with HTTP 200. */
  readonly pagesMs: number;
  /** The whole command, which ends with `verify`. */
  readonly restoreMs: number;
}

const [start = ''] = process.argv.slice(2);
const folder = mkdtempSync(join(tmpdir(), 'swarmup-bench-'));
const cli = new Cli(folder);
const shipped = readFileSync(join(ROOT, 'config/local.yaml'), 'utf8');
const file = shipped
  .replace('name: local', 'name: bench-local')
  .replace('type: qemu,', `type: qemu, start: ${start === 'save' ? 'auto' : start},`)
  // A size of their own, so that their state doesn't replace that of other machines.
  .replace('memory: 1536MiB', `memory: ${start === 'save' ? 1544 : 1536}MiB`)
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

async function snapshot(): Promise<SnapshotResult> {
  const { services } = (await cli.json<StatusDocument>('status')).document;
  const urls = services.find(({ name }) => name === 'web')?.urls ?? [];
  const saved = await cli.json<{ pausedMs: number; bytes: number }>('snapshot', 'save');
  const before = qemuProcesses('bench-local');
  const began = Date.now();
  const restoring = cli.run(['snapshot', 'restore', '--yes']);
  await until(() => Promise.resolve(!before.some(isAlive)));
  await Promise.all(
    urls.map(({ url }) =>
      until(() =>
        get(url).then(
          ({ status }) => status === 200,
          () => false,
        ),
      ),
    ),
  );
  const pagesMs = Date.now() - began;
  const { status, stderr, ms: restoreMs } = await restoring;
  if (status !== 0) throw new Error(`the snapshot was not restored:\n${stderr}`);
  progress(`local, ${start}: pages ${Math.round(pagesMs / 1000)} s after the start of snapshot restore`);
  return { pausedMs: saved.document.pausedMs, bytes: saved.document.bytes, pagesMs, restoreMs };
}

/** Looks until a condition holds. @throws Error after a limit of looks */
async function until(holds: () => Promise<boolean>): Promise<void> {
  for (let i = 0; i < 3000; i++) {
    if (await holds()) return;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new Error('gave up waiting for the restored machines');
}

/** The folders of the saved states that the machines started from. */
function statesOfMachines(): readonly string[] {
  const machines = join(folder, '.swarmup', 'bench-local', 'machines');
  const records = existsSync(machines) ? readdirSync(machines).map((name) => join(machines, name, 'machine.json')) : [];
  const states = records
    .filter((file) => existsSync(file))
    .flatMap((file): (string | undefined)[] => {
      const { state }: { state?: string } = JSON.parse(readFileSync(file, 'utf8'));
      return [state];
    });
  return [...new Set(states.filter((state) => state !== undefined))];
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
    const taken = start === 'restore' ? { snapshot: await snapshot() } : {};
    return {
      ...taken,
      upMs: first.ms,
      sshMs: Math.max(...provisioned),
      secondMs: second.ms,
      accelerator: accelerator('bench-local'),
    };
  },
  async () => {
    const states = start === 'save' ? statesOfMachines() : [];
    await down();
    for (const state of states) if ((await usersOf(state))?.length === 0) await removeUsed(dirname(state), state);
    await removeOwn(folder);
  },
);
process.stdout.write(JSON.stringify(result));
