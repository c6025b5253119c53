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
  /** All host keys that are trusted, as `type base64`, if there are several: the server may present any of them. */
  readonly hostKeys?: readonly string[];
  /** The line of a known_hosts file that the host key comes from. */
  readonly knownFrom?: { readonly file: string; readonly line: number };
  /** For users that need a password to become root. */
  readonly sudoPassword?: Secret;
  /** Where the Docker Engine listens on the machine; default /var/run/docker.sock. */
  readonly engineSocket?: string;
  /** The SSH server to go through: a bastion. */
  readonly via?: SshEndpoint;
  /** How OpenSSH's configuration restricts the connection. */
  readonly settings?: SshSettings;
  /** How OpenSSH's own client reaches the server; undefined where it isn't installed or not asked. */
  readonly openssh?: OpenSshRoute;
}

/** Settings of ssh_config(5) that swarmup's own connections follow. */
export interface SshSettings {
  /** Of the agent's keys only those named by `identityFiles`: IdentitiesOnly. */
  readonly identitiesOnly?: boolean;
  readonly addressFamily?: 'inet' | 'inet6';
  readonly bindAddress?: string;
  readonly connectTimeoutMs?: number;
  /** StrictHostKeyChecking, if it is neither `ask` nor `accept-new`. */
  readonly hostKeyChecking?: 'yes' | 'no';
}

/** The way through OpenSSH's own client. */
export interface OpenSshRoute {
  /** Path of the program. */
  readonly program: string;
  /** Its arguments, up to and including the destination. */
  readonly args: readonly string[];
  /** The settings that only OpenSSH can follow; with none, it is used only if the server or a key demands it. */
  readonly needs: readonly string[];
  /** The values of those settings, for configurations made from this one. */
  readonly values: readonly (readonly [key: string, value: string])[];
}

/** Where a client reaches a port of a machine. */
export interface Endpoint {
  readonly host: string;
  readonly port: number;
  /** The SSH server to go through. */
  readonly via?: SshEndpoint;
}
