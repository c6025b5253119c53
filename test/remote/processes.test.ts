import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { describe, expect, it } from 'vitest';
import { endProcess, isAlive } from '../../lib/remote/processes.ts';

describe('a process', () => {
  it('is alive while it runs, and not after its end', async () => {
    const child = spawn('sleep', ['60'], { stdio: 'ignore' });
    const { pid = 0 } = child;
    expect(isAlive(pid)).toBe(true);
    child.kill('SIGKILL');
    await once(child, 'close');
    expect(isAlive(pid)).toBe(false);
  });

  it('can be ended repeatedly, and when it does not exist', async () => {
    const child = spawn('sleep', ['60'], { stdio: 'ignore' });
    const { pid = 0 } = child;
    endProcess(pid, 'SIGKILL');
    endProcess(pid, 'SIGKILL');
    await once(child, 'close');
    expect(child.signalCode).toBe('SIGKILL');
    expect(() => endProcess(pid, 'SIGKILL')).not.toThrow();
    expect(() => process.kill(pid, 'SIGKILL')).toThrow(/ESRCH/);
  });

  it('is not alive as a zombie', async () => {
    // The shell execs into a sleep, which never waits for the shell's child.
    const parent = spawn('sh', ['-c', 'sleep 0 & echo $!; exec sleep 60'], { stdio: ['ignore', 'pipe', 'ignore'] });
    const [line] = (await once(parent.stdout, 'data')) as [Buffer];
    const pid = Number(line.toString());
    await expect.poll(() => isAlive(pid), { timeout: 10_000 }).toBe(false);
    // It still accepts signals: liveness is more than that.
    expect(process.kill(pid, 0)).toBe(true);
    parent.kill('SIGKILL');
    await once(parent, 'close');
  });
});
