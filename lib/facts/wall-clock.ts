import type { Fact } from './fact.ts';

/** What a machine takes the time for, in milliseconds since 1970 (UTC). busybox knows no %N. */
export const wallClock: Fact<number> = {
  command: 'date +%s.%N',
  parse: (output) => {
    const [, seconds = '', fraction = ''] = /^(\d+)(?:\.(\d+))?/.exec(output) ?? [];
    return Number(seconds) * 1000 + Math.floor(Number(`0.${fraction || 0}`) * 1000);
  },
};
