import type { Fact } from './fact.ts';

/** A machine's own time, in milliseconds since 1970 (UTC). BusyBox doesn't support %N. */
export const wallClock: Fact<number> = {
  command: 'date +%s.%N',
  parse: (output) => {
    const [, seconds = '', fraction = ''] = /^(\d+)(?:\.(\d+))?/.exec(output) ?? [];
    return Number(seconds) * 1000 + Math.floor(Number(`0.${fraction || 0}`) * 1000);
  },
};
