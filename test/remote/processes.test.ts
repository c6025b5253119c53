import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { describe, expect, it } from 'vitest';
import { endProcess, isAlive } from '../../lib/remote/processes.ts';

describe('a process', () => {
  it('is alive while it runs, and not when it has ended', async () => {
    const child = spawn('sleep', ['60'], { stdio: 'ignore' });
    const { pid = 0 } = child;
    expect(isAlive(pid)).toBe(true);
    child.kill('SIGKILL');
    await once(child, 'close');
    expect(isAlive(pid)).toBe(false);
  });

  it('is ended, however often, and whether it is there or not', async () => {
    const child = spawn('sleep', ['60'], { stdio: 'ignore' });
    const { pid = 0 } = child;
    endProcess(pid, 'SIGKILL');
    endProcess(pid, 'SIGKILL');
    await once(child, 'close');
    expect(child.signalCode).toBe('SIGKILL');
    expect(() => endProcess(pid, 'SIGKILL')).not.toThrow();
    expect(() => process.kill(pid, 'SIGKILL')).toThrow(/ESRCH/);
  });

  it('is not alive when it has ended and its parent has not asked about it', async () => {
    // The shell becomes a sleep, which never asks about the child that the shell had.
    const parent = spawn('sh', ['-c', 'sleep 0 & echo $!; exec sleep 60'], { stdio: ['ignore', 'pipe', 'ignore'] });
    const [line] = (await once(parent.stdout, 'data')) as [Buffer];
    const pid = Number(line.toString());
    await expect.poll(() => isAlive(pid), { timeout: 10_000 }).toBe(false);
    // It is still there: what tells the two apart is more than whether it can be signalled.
    expect(process.kill(pid, 0)).toBe(true);
    parent.kill('SIGKILL');
    await once(parent, 'close');
  });
});
