import { spawn, type ChildProcess } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { Cli, ROOT } from './support/cli.ts';

/** The real command line, with a provider whose machines never start. */
const folder = mkdtempSync(join(tmpdir(), 'swarmup-interrupt-'));
const provider = join(ROOT, 'test/support/stuck-provider.ts');
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** A busy machine needs time to start a process. */
const PATIENCE = { timeout: 30_000 };

interface Started {
  readonly child: ChildProcess;
  readonly place: string;
  readonly output: () => string;
  readonly ended: Promise<{ status: number | null; signal: string | null }>;
}

/** Starts `up` and waits until a task runs. */
async function started(deaf: boolean, argv: readonly string[] = []): Promise<Started> {
  const place = mkdtempSync(join(folder, 'run-'));
  writeFileSync(
    join(place, 'swarmup.yaml'),
    `name: stuck\nprovider: { type: ${provider}, deaf: ${deaf} }\nnodes: { managers: 1, workers: 1 }\n`,
  );
  const child = spawn(join(ROOT, 'swarmup'), ['up', ...argv], {
    cwd: place,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, NO_COLOR: '1' },
  });
  let text = '';
  const ended = new Promise<{ status: number | null; signal: string | null }>((resolve) =>
    child.on('close', (status, signal) => resolve({ status, signal })),
  );
  await new Promise<void>((resolve, reject) => {
    void ended.then(() => reject(new Error(`it ended: ${text}`)));
    for (const stream of [child.stdout, child.stderr])
      stream?.on('data', (chunk: Buffer) => {
        text += chunk.toString();
        if (text.includes('making worker1')) resolve();
      });
  });
  return { child, place, output: () => text, ended };
}

const lockOf = (place: string) => join(place, '.swarmup', 'stuck.lock');

describe('a run that is interrupted', () => {
  it.each(['SIGINT', 'SIGTERM', 'SIGHUP'] as const)(
    'by %s stops its tasks, says so, and releases its lock',
    async (signal) => {
      const run = await started(false);
      expect(existsSync(lockOf(run.place))).toBe(true);
      run.child.kill(signal);
      expect(await run.ended).toEqual({ status: 130, signal: null });
      expect(run.output()).toContain(
        'interrupted: stopping provision on manager1, worker1; press Ctrl-C again to stop immediately',
      );
      expect(run.output()).toContain('stopped in the middle: provision on manager1, worker1');
      expect(run.output()).toMatch(/record {2}\.swarmup\/stuck\/runs\/\S+Z/);
      expect(existsSync(lockOf(run.place))).toBe(false);
    },
  );

  it('twice stops at once, and the next run is not held up by its lock', async () => {
    const run = await started(true);
    run.child.kill('SIGINT');
    await expect.poll(run.output, PATIENCE).toContain('press Ctrl-C again to stop immediately');
    run.child.kill('SIGINT');
    expect(await run.ended).toEqual({ status: 130, signal: null });
    expect(existsSync(lockOf(run.place))).toBe(true);
    const next = await new Cli(run.place).run(['up', '--only', 'join-workers']);
    expect(next.stderr).not.toContain('another run holds');
    expect(next.status).toBe(1);
    expect(existsSync(lockOf(run.place))).toBe(false);
  });

  it('after its output was closed is stopped cleanly too', async () => {
    const run = await started(false);
    run.child.stdout?.destroy();
    run.child.stderr?.destroy();
    run.child.kill('SIGINT');
    expect(await run.ended).toEqual({ status: 130, signal: null });
    expect(existsSync(lockOf(run.place))).toBe(false);
  });

  it('by SIGKILL leaves a lock that the next run takes over, and a record that says so', async () => {
    const run = await started(false);
    run.child.kill('SIGKILL');
    expect((await run.ended).signal).toBe('SIGKILL');
    const runs = await new Cli(run.place).json<{ durationMs: number | null; ok: boolean }[]>('runs');
    expect(runs.document).toMatchObject([{ durationMs: null, ok: false }]);
    const next = await new Cli(run.place).run(['up', '--only', 'join-workers']);
    expect(next.stderr).not.toContain('another run holds');
  });
});

describe('a second run', () => {
  it('is refused with exit status 4 and the owner of the lock; read-only commands are not', async () => {
    const run = await started(false);
    const cli = new Cli(run.place);
    const second = await cli.json<{ error: { code: string; message: string } }>('up');
    expect(second.status).toBe(4);
    expect(second.document.error).toMatchObject({
      code: 'LOCKED',
      message: expect.stringContaining(`(process ${run.child.pid})`),
    });
    expect((await cli.run(['plan'])).status).toBe(0);
    expect((await cli.run(['status'])).status).toBe(0);
    expect(readdirSync(join(run.place, '.swarmup/stuck/runs'))).toHaveLength(1);
    run.child.kill('SIGINT');
    await run.ended;
  });

  it('waits for the lock as long as --lock-wait says', async () => {
    const run = await started(false);
    const cli = new Cli(run.place);
    const waiting = cli.run(['up', '--only', 'join-workers', '--lock-wait', '5m']);
    await expect
      .poll(() => existsSync(cli.log) && readFileSync(cli.log, 'utf8'), PATIENCE)
      .toContain('waiting for another run');
    run.child.kill('SIGINT');
    await run.ended;
    const { status, stdout } = await waiting;
    expect(stdout).not.toContain('holds this cluster; gave up');
    expect(status).toBe(1);
    expect((await cli.run(['up', '--lock-wait', 'soon'])).stderr).toContain('expected a time such as 90s, 10m or 1h');
  });

  it('can start after a manual unlock, with a confirmation', async () => {
    const run = await started(false);
    const cli = new Cli(run.place);
    const asked = await cli.run(['unlock']);
    expect(asked.status).toBe(2);
    expect(asked.stdout).toContain(`(process ${run.child.pid})`);
    const unlocked = await cli.run(['unlock', '--yes']);
    expect(unlocked.stdout).toContain('stuck is unlocked');
    expect((await cli.run(['unlock'])).stdout).toBe('stuck is not locked\n');
    run.child.kill('SIGINT');
    await run.ended;
  });
});
