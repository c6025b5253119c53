import type { Fact } from './fact.ts';

export interface InterfaceAddress {
  readonly interface: string;
  readonly address: string;
  /** The network's prefix length. */
  readonly prefix: number;
  /** It has a limited lifetime, as with DHCP. */
  readonly dynamic: boolean;
}

/** The IPv4 addresses of a machine. Source: ip-address(8); -o prints one per line. */
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
