import { mkdtempSync, rmSync } from 'node:fs';
import { Readable } from 'node:stream';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { allEnded } from '../../lib/async/all-ended.ts';
import type { Host } from '../../lib/contracts/host.ts';
import { localCommands } from '../../lib/remote/local.ts';
import { Layout } from '../../lib/providers/qemu/layout.ts';
import { setClocks } from '../../lib/providers/qemu/snapshot/clocks.ts';
import { isPaused, pauseAll, resumeAll } from '../../lib/providers/qemu/snapshot/pause.ts';
import { fakeClock } from '../fakes/clock.ts';
import { fakeQmp } from '../support/qmp.ts';

const folder = mkdtempSync(join(tmpdir(), 'swarmup-pause-'));
const runtimes: string[] = [];
afterAll(() => {
  for (const path of [folder, ...runtimes]) rmSync(path, { recursive: true, force: true });
});

/** Where machines listen; nothing runs. */
function cluster(name: string) {
  const layout = new Layout({ name, stateDir: join(folder, name) });
  runtimes.push(layout.runtimeDir);
  const path = (node: string) => layout.qmpSocket(node);
  return { path, qmpSocket: (node: string) => Promise.resolve(path(node)) };
}

describe('machines that are saved together', () => {
  it('are all paused, even when one of them fails, and the failure is thrown after that', async () => {
    const sockets = cluster('c1');
    const order: string[] = [];
    await fakeQmp(sockets.path('a'), () => {
      throw new Error('no');
    });
    await fakeQmp(sockets.path('b'), () => void order.push('b'));
    await expect(pauseAll(sockets, ['a', 'b'])).rejects.toThrow('stop: Error: no');
    expect(order).toEqual(['b']);
  });

  it('run again only when QEMU no longer saves them: until then the disk is not theirs', async () => {
    const sockets = cluster('c2');
    const seen = ['active', 'cancelling', 'cancelled'];
    const qemu = await fakeQmp(sockets.path('a'), (command) =>
      command === 'query-migrate' ? { status: seen.shift() } : {},
    );
    await resumeAll(sockets, ['a'], fakeClock());
    expect(qemu.asked).toEqual(['migrate_cancel', 'query-migrate', 'query-migrate', 'query-migrate', 'cont']);
  });

  it.each([
    ['paused', true],
    ['postmigrate', true],
    ['running', false],
    ['inmigrate', false],
  ])('count as paused in the state %s: %s', async (status, expected) => {
    const sockets = cluster(`c3-${status}`);
    await fakeQmp(sockets.path('a'), () => ({ status, running: status === 'running' }));
    expect(await isPaused(sockets, 'a')).toBe(expected);
  });
});

describe('the clock of a machine', () => {
  it('is set to the time when its shell is ready, not when the command was sent', async () => {
    const clock = fakeClock();
    const local = localCommands(() => undefined, process.env);
    const { signal } = new AbortController();
    const sent = clock.now();
    const host: Pick<Host, 'run'> = {
      run: async ([, , script = ''], { input, onLine } = {}) => {
        await clock.sleep(9_000, signal);
        // Instead of setting the clock of this computer.
        const argv = ['sh', '-c', script.replace('date --utc --set', 'echo')];
        if (!(input instanceof Readable)) throw new Error('the time is not an input stream');
        const lines: string[] = [];
        const result = await local.run(argv, { input, onLine: (line) => (lines.push(line), onLine?.(line)) });
        expect(lines).toEqual(['ready', `@${((sent + 9_000) / 1000).toFixed(3)}`]);
        return result;
      },
    };
    await setClocks([host], clock, signal);
    expect.assertions(1);
  });
});

describe('work that is done together', () => {
  it('has all ended before the first error is thrown', async () => {
    const { promise, resolve } = Promise.withResolvers<void>();
    const ended: string[] = [];
    const together = allEnded([Promise.reject(new Error('first')), promise.then(() => void ended.push('slow'))]);
    resolve();
    await expect(together).rejects.toThrow('first');
    expect(ended).toEqual(['slow']);
    expect(await allEnded([Promise.resolve(1), Promise.resolve(2)])).toEqual([1, 2]);
  });
});
