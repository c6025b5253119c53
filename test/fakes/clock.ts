import type { Clock } from '../../lib/async/clock.ts';

/** Time that passes only when somebody sleeps. */
export function fakeClock(): Clock {
  let now = 1_700_000_000_000;
  return {
    now: () => now,
    sleep: async (ms, signal) => {
      signal.throwIfAborted();
      now += ms;
      // Others get their turn, as with a real timer.
      await new Promise((resolve) => setImmediate(resolve));
    },
  };
}
