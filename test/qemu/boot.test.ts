import { describe, expect, it } from 'vitest';
import { untilGreeted } from '../../lib/providers/qemu/boot.ts';

/** A guest on a clock of its own: it greets so long after it was started or reset, if it comes up at all. */
function guest(bootMs: number, hangs: number) {
  let now = 0;
  let started = 0;
  const seen = { resets: 0, warnings: [] as string[] };
  const booting = {
    name: 'worker1',
    greeting: () =>
      Promise.resolve(
        seen.resets >= hangs && now - started >= bootMs ? { banner: 'SSH-2.0-OpenSSH_9.2' } : { problem: 'refused' },
      ),
    assertAlive: () => Promise.resolve(),
    reset: () => {
      seen.resets++;
      started = now;
      return Promise.resolve();
    },
    console: '/console.log',
    clock: { now: () => now, sleep: (ms: number) => Promise.resolve(void (now += ms)) },
  };
  const io = {
    signal: new AbortController().signal,
    report: () => undefined,
    warn: (message: string) => void seen.warnings.push(message),
  };
  return { seen, up: () => untilGreeted(booting, io) };
}

describe('a machine that boots', () => {
  it('is left alone as long as it takes', async () => {
    const slow = guest(200_000, 0);
    await slow.up();
    expect(slow.seen).toEqual({ resets: 0, warnings: [] });
  });

  it('is reset once when it hangs, and says so', async () => {
    const stuck = guest(60_000, 1);
    await stuck.up();
    expect(stuck.seen.resets).toBe(1);
    expect(stuck.seen.warnings).toEqual([
      'worker1 did not come up in 4 minutes and was reset (its console: /console.log)',
    ]);
  });

  it('is given up when that does not help', async () => {
    const dead = guest(60_000, 2);
    await expect(dead.up()).rejects.toMatchObject({ code: 'TIMED_OUT', fix: expect.stringContaining('/console.log') });
    expect(dead.seen.resets).toBe(1);
  });

  it('that ended meanwhile is an error at once', async () => {
    const ended = new Error('its virtual machine ended');
    const io = { signal: new AbortController().signal, report: () => undefined, warn: () => undefined };
    const booting = {
      name: 'worker1',
      greeting: () => Promise.resolve({ problem: 'refused' }),
      assertAlive: () => Promise.reject(ended),
      reset: () => Promise.resolve(),
      console: '/console.log',
      clock: { now: () => 0, sleep: () => Promise.resolve() },
    };
    await expect(untilGreeted(booting, io)).rejects.toBe(ended);
  });
});
