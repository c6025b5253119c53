import type { Duplex } from 'node:stream';
import { SwarmupError } from '../util/errors.ts';
import type { Host } from '../contracts/host.ts';
import { TunnelRefused } from './openssh-errors.ts';
import { tunnelError } from './ssh-errors.ts';
import type { Transport } from './transport.ts';

/**
 * Docker's routing mesh forwards what a node sends to its own IPv4 addresses, this one too; it has no rules for ::1. Source:
 * moby, libnetwork/service_linux.go.
 */
const LOOPBACK = '127.0.0.1';

/**
 * Connects standard input and output to a port of the machine, where sshd forwards none. It ends when either side does:
 * otherwise the other side's program would stay. The port is an argument, never program text. Sources: bash(1), /dev/tcp;
 * nc(1), which BusyBox has too.
 */
const RELAY = `if command -v bash >/dev/null; then
exec bash -c 'exec 3<>"/dev/tcp/${LOOPBACK}/$1" 4<&0 || exit 1
cat <&3 & cat <&4 >&3 & wait -n; kill $(jobs -p)' relay "$1"
fi
exec nc ${LOOPBACK} "$1"`;

/** Whether the machine has a program for the relay, and the port is open. */
const TRY = `if command -v bash >/dev/null; then exec bash -c ': 3<>"/dev/tcp/${LOOPBACK}/$1"' try "$1"; fi
command -v nc >/dev/null || exit 127
exec nc -z ${LOOPBACK} "$1"`;

/** Source: RFC 4254, section 5.1, SSH_OPEN_ADMINISTRATIVELY_PROHIBITED. */
const PROHIBITED = 1;

export interface PortDialing {
  readonly host: Pick<Host, 'name' | 'run'>;
  readonly transport: Transport;
  /** A command of the login user as a stream. */
  readonly stream: (argv: readonly string[]) => Promise<Duplex>;
}

/** Connections to ports of one machine, inside the SSH connection to it. */
export class PortDialer {
  readonly #dialing: PortDialing;
  /** sshd forwards no connections: found out once per connection. */
  #isProhibited = false;

  constructor(dialing: PortDialing) {
    this.#dialing = dialing;
  }

  /** @throws SwarmupError SSH_UNREACHABLE when nothing listens there, SSH_FORWARDING_REFUSED */
  async dial(port: number): Promise<Duplex> {
    const { host, transport, stream } = this.#dialing;
    if (!this.#isProhibited) {
      try {
        return await transport.tunnel(LOOPBACK, port);
      } catch (error) {
        if (!mayBeProhibited(error)) throw tunnelError(host.name, LOOPBACK, port, error);
      }
    }
    const { exitCode } = await host.run(['sh', '-c', TRY, 'try', String(port)], { asRoot: false, okExit: 'any' });
    if (exitCode === 127) throw forwardingRefused(host.name, port);
    if (exitCode !== 0) throw tunnelError(host.name, LOOPBACK, port, new Error('nothing listens there'));
    // The port is open, so it wasn't that.
    this.#isProhibited = true;
    return stream(['sh', '-c', RELAY, 'relay', String(port)]);
  }
}

function mayBeProhibited(error: unknown): boolean {
  return error instanceof TunnelRefused || (error instanceof Error && 'reason' in error && error.reason === PROHIBITED);
}

function forwardingRefused(name: string, port: number): SwarmupError {
  return new SwarmupError(
    'SSH_FORWARDING_REFUSED',
    `${name}: its port ${port} can't be reached through SSH: sshd forwards no connections, and neither bash nor nc is installed there`,
    { fix: "Allow it in the host's sshd_config (AllowTcpForwarding local), or install bash there." },
  );
}
