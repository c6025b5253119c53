import type { Fact } from './fact.ts';

export interface Route {
  /** Such as 10.0.0.0/24; the default route is left out. */
  readonly network: string;
  readonly device: string;
}

/** The IPv4 networks that a machine has routes to. Source: ip-route(8). */
export const routes: Fact<readonly Route[]> = {
  command: 'ip -4 route show',
  parse: (output) =>
    output.split('\n').flatMap((line) => {
      const match = /^(?:(?:unreachable|blackhole|prohibit) )?([\d.]+)(\/\d+)? .*?(?:dev (\S+)|$)/.exec(
        `${line.trim()} `,
      );
      if (!match?.[1]) return [];
      return [{ network: `${match[1]}${match[2] ?? '/32'}`, device: match[3] ?? '' }];
    }),
};
