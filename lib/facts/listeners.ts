import type { Fact } from './fact.ts';

export interface Listener {
  readonly protocol: 'tcp' | 'udp';
  readonly port: number;
  /** The address it is bound to; `*` and 0.0.0.0 are all. */
  readonly address: string;
  /** The program, if the system reports it. */
  readonly program: string;
}

/** The programs that listen, and their ports. Source: ss(8). */
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
