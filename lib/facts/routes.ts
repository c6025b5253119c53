import type { Fact } from './fact.ts';

export interface Route {
  /** Such as 10.0.0.0/24; default routes are left out, also in parts. */
  readonly network: string;
  readonly device: string;
}

/**
 * A VPN that takes over the default route has two of half the addresses, or more in smaller parts, which are shorter than
 * any private network. Source: openvpn(8), --redirect-gateway def1.
 */
const SHORTEST_PREFIX = 8;

/**
 * The IPv4 networks that a machine has routes to, in all tables: VPNs such as WireGuard and Tailscale have their own.
 * Routes to its own addresses are of other types, and left out. Source: ip-route(8).
 */
export const routes: Fact<readonly Route[]> = {
  command: 'ip -4 route show table all',
  parse: (output) =>
    output.split('\n').flatMap((line) => {
      const match = /^(?:(?:unreachable|blackhole|prohibit) )?([\d.]+)(\/\d+)? .*?(?:dev (\S+)|$)/.exec(
        `${line.trim()} `,
      );
      if (!match?.[1]) return [];
      const prefix = match[2] ?? '/32';
      if (Number(prefix.slice(1)) < SHORTEST_PREFIX) return [];
      return [{ network: `${match[1]}${prefix}`, device: match[3] ?? '' }];
    }),
};
