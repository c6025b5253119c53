import type { Clock } from '../../lib/async/clock.ts';

/** A clock whose time passes only in sleep(). */
export function fakeClock(): Clock {
  let now = 1_700_000_000_000;
  return {
    now: () => now,
    sleep: async (ms, signal) => {
      signal.throwIfAborted();
      now += ms;
      // Lets other callbacks run, as a real timer would.
      await new Promise((resolve) => setImmediate(resolve));
    },
  };
}
