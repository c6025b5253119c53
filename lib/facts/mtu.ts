import type { Fact } from './fact.ts';

/** The largest packet, in bytes, that each interface takes. */
export const mtus: Fact<ReadonlyMap<string, number>> = {
  command: 'grep -H . /sys/class/net/*/mtu',
  parse: (output) =>
    new Map(
      output.split('\n').flatMap((line) => {
        const match = /^\/sys\/class\/net\/([^/]+)\/mtu:(\d+)$/.exec(line.trim());
        return match?.[1] ? [[match[1], Number(match[2])] as const] : [];
      }),
    ),
};
