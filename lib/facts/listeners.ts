import type { Fact } from './fact.ts';

export interface Listener {
  readonly protocol: 'tcp' | 'udp';
  readonly port: number;
  /** The address it is bound to; `*` and 0.0.0.0 are all. */
  readonly address: string;
  /** The program, where the system tells. */
  readonly program: string;
}

/** Who listens on which port. Source: ss(8). */
export const listeners: Fact<readonly Listener[]> = {
  command: 'ss -Hlntup',
  parse: (output) =>
    output.split('\n').flatMap((line) => {
      const [protocol, , , , local = '', , users = ''] = line.trim().split(/\s+/);
      const colon = local.lastIndexOf(':');
      const port = Number(local.slice(colon + 1));
      if ((protocol !== 'tcp' && protocol !== 'udp') || !Number.isInteger(port)) return [];
      const program = /\(\("([^"]+)"/.exec(users)?.[1] ?? '';
      return [{ protocol, port, address: local.slice(0, colon).replace(/%.*/, ''), program }];
    }),
};
