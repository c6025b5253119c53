import type { Fact } from './fact.ts';

export interface Listener {
  readonly protocol: 'tcp' | 'udp';
  readonly port: number;
  /** The address it is bound to; `*` and 0.0.0.0 are all. */
  readonly address: string;
  /**
   * The program, if the system reports it; for a program of a user, with the user, as only root's programs are known to be
   * what their names say.
   */
  readonly program: string;
}

/** One socket; a program's name may contain anything, but is too short to look like a line of its own. */
const LINE = /^(tcp|udp)\s+(?:LISTEN|UNCONN)\s+\d+\s+\d+\s+(\S+):(\d+)\s+\S+(.*)$/;

/**
 * The programs that have the socket, in a line that is whole. The name of one may have a line break, which cuts off whose
 * program it is: then no name counts.
 */
const PROGRAM = '\\("([^"]*)",pid=\\d+,fd=\\d+\\)';
const PROGRAMS = new RegExp(`^\\s+users:\\(${PROGRAM}(?:,${PROGRAM})*\\) (?:uid:\\d+ )?ino:\\d+ `);

/** The programs that listen, and their ports. Source: ss(8): -e adds the user's number, unless that is root's, and the inode's. */
export const listeners: Fact<readonly Listener[]> = {
  command: 'ss -Hlntupe',
  parse: (output) =>
    output.split('\n').flatMap((line) => {
      const [, protocol, address, port, rest = ''] = LINE.exec(line.trim()) ?? [];
      if ((protocol !== 'tcp' && protocol !== 'udp') || address === undefined) return [];
      const name = PROGRAMS.exec(rest)?.[1] ?? '';
      const user = [...rest.matchAll(/\buid:(\d+)/g)].map(([, uid]) => uid).find((uid) => uid !== '0');
      const program = user === undefined ? name : `${name || 'a program'} of user ${user}`;
      return [{ protocol, port: Number(port), address: address.replace(/%.*/, ''), program }];
    }),
};
