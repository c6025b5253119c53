import type { Secret } from '../util/secret.ts';

/** How to reach a machine's SSH server. The host key is known from the moment the machine is made. */
export interface SshEndpoint {
  readonly host: string;
  readonly port: number;
  readonly user: string;
  /** Paths of private keys, in the order they are tried. */
  readonly identityFiles: readonly string[];
  /** The socket of an SSH agent, tried after the files. */
  readonly agent?: string;
  /** The server's public host key, as `ssh-ed25519 AAAA...`; empty until the user has accepted one. */
  readonly hostKey: string;
  /** The line of a known_hosts file that the host key comes from. */
  readonly knownFrom?: { readonly file: string; readonly line: number };
  /** For users that need a password to become root. */
  readonly sudoPassword?: Secret;
  /** Where the Docker Engine listens on the machine; default /var/run/docker.sock. */
  readonly engineSocket?: string;
  /** The SSH server to go through: a bastion. */
  readonly via?: SshEndpoint;
}

/** Where a client reaches a port of a machine. */
export interface Endpoint {
  readonly host: string;
  readonly port: number;
  /** The SSH server to go through. */
  readonly via?: SshEndpoint;
}
