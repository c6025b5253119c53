import type { Fact } from './fact.ts';

/** An address that a machine uses. */
export interface Nearby {
  readonly address: string;
  readonly use: 'gateway' | 'DNS server';
}

/**
 * The gateways and DNS servers of a machine. Those behind a gateway are in no network that it has a route to. Sources:
 * ip-route(8); resolv.conf(5); systemd-resolved.service(8), whose own resolv.conf names only itself.
 */
export const nearby: Fact<readonly Nearby[]> = {
  command: 'ip -4 route show; cat /etc/resolv.conf /run/systemd/resolve/resolv.conf',
  parse: (output) => {
    const found = output.split('\n').flatMap((line): Nearby[] => {
      const gateway = /\bvia (\d+\.\d+\.\d+\.\d+)\b/.exec(line)?.[1];
      const server = /^\s*nameserver\s+(\d+\.\d+\.\d+\.\d+)\s*$/.exec(line)?.[1];
      if (gateway !== undefined) return [{ address: gateway, use: 'gateway' }];
      return server === undefined || server.startsWith('127.') ? [] : [{ address: server, use: 'DNS server' }];
    });
    return [...new Map(found.map((one) => [`${one.use} ${one.address}`, one])).values()];
  },
};
