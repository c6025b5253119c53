import type { Fact } from './fact.ts';

export interface InterfaceAddress {
  readonly interface: string;
  readonly address: string;
  /** Bits of the network. */
  readonly prefix: number;
  /** It was given for a while, as by DHCP. */
  readonly dynamic: boolean;
}

/** The IPv4 addresses of a machine. Source: ip-address(8), one line each with -o. */
export const addresses: Fact<readonly InterfaceAddress[]> = {
  command: 'ip -o -4 address show',
  parse: (output) =>
    output.split('\n').flatMap((line) => {
      const match = /^\d+: (\S+?)(?:@\S+)?\s+inet ([\d.]+)(?:\/(\d+)| peer [\d.]+\/(\d+))(.*)$/.exec(line.trim());
      if (!match?.[1] || !match[2]) return [];
      const prefix = Number(match[3] ?? match[4] ?? 32);
      return [{ interface: match[1], address: match[2], prefix, dynamic: /\bdynamic\b/.test(match[5] ?? '') }];
    }),
};
