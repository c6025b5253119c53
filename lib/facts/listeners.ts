import type { Fact } from './fact.ts';

export interface Listener {
  readonly protocol: 'tcp' | 'udp' | 'sctp';
  readonly port: number;
  /** The address it is bound to; `*` and 0.0.0.0 are all. */
  readonly address: string;
  /**
   * The program, if the system reports it; for a program of a user, with the user, as only root's programs are known to be
   * what their names say. Empty for the kernel's own sockets, which no program holds.
   */
  readonly program: string;
  /** The process that holds the socket; undefined where `program` names none. */
  readonly pid?: number;
}

/** One socket; a program's name may contain anything, but is too short to look like a line of its own. */
const LINE = /^(tcp|udp|sctp)\s+(?:LISTEN|UNCONN)\s+\d+\s+\d+\s+(\S+):(\d+)\s+\S+(.*)$/;

/**
 * The programs that have the socket, in a line that is whole; ss fills its columns with spaces. The name of one may have
 * a line break, which cuts off whose program it is: then no name counts.
 */
const PROGRAM = '\\("([^"]*)",pid=(\\d+),fd=\\d+\\)';
const PROGRAMS = new RegExp(`^\\s+users:\\(${PROGRAM}(?:,${PROGRAM})*\\) +(?:uid:\\d+ +)?ino:\\d+ `);

/**
 * The programs that listen, and their ports. Sources: ss(8): -e adds the user's number, unless that is root's, and the
 * inode's; -S, for SCTP, came with iproute2 4.17.
 */
export const listeners: Fact<readonly Listener[]> = {
  command: 'ss -HlntuSpe || ss -Hlntupe',
  parse: (output) =>
    output.split('\n').flatMap((line) => {
      const [, protocol, address, port, rest = ''] = LINE.exec(line.trim()) ?? [];
      if ((protocol !== 'tcp' && protocol !== 'udp' && protocol !== 'sctp') || address === undefined) return [];
      const [, name = '', pid] = PROGRAMS.exec(rest) ?? [];
      const user = [...rest.matchAll(/\buid:(\d+)/g)].map(([, uid]) => uid).find((uid) => uid !== '0');
      const program = user === undefined ? name : `${name || 'a program'} of user ${user}`;
      const held = pid === undefined ? {} : { pid: Number(pid) };
      return [{ protocol, port: Number(port), address: address.replace(/%.*/, ''), program, ...held }];
    }),
};

/** Whether only programs on the same machine reach an address of a listener, as ss prints it. */
export function isLoopback(address: string): boolean {
  return /^(?:\[?::ffff:)?127\./.test(address) || address === '[::1]' || address === '::1';
}

/** Who listens, for a message: "nginx (pid 812)", "the kernel (no program holds the socket)". */
export function listenerInWords({ program, pid }: Pick<Listener, 'program' | 'pid'>): string {
  if (program === '') return 'the kernel (no program holds the socket)';
  return pid === undefined ? program : `${program} (pid ${pid})`;
}
