import type { Duplex, Readable, Writable } from 'node:stream';
import type { Secret } from '../util/secret.ts';
import type { OkExit, Output } from './output.ts';

export interface RemoteRun {
  readonly input?: string | Secret | Readable;
  /**
   * Gets the standard output, which is then missing from the result. Output is read as fast as this stream accepts it.
   */
  readonly output?: Writable;
  readonly signal?: AbortSignal;
  /** Exit codes that aren't failures; default: 0. */
  readonly okExit?: OkExit;
  readonly onLine?: (line: string) => void;
  /** Runs it as root, through sudo where the user isn't root; default true. */
  readonly asRoot?: boolean;
  /** Its output is secret: no record and no error contains it. */
  readonly secret?: boolean;
  /**
   * How long it may take, in milliseconds; Infinity for the user's own commands. Default: as long as such work takes at
   * most (lib/remote/deadline.ts).
   */
  readonly withinMs?: number;
  /** Of a long output, its beginning and end are enough; otherwise too long an output is an error. */
  readonly partial?: boolean;
  /** What to do when it fails. */
  readonly fix?: string;
}

/** A machine that commands can be run on. */
export interface Host {
  readonly name: string;
  /** @throws SwarmupError COMMAND_FAILED with the command, the host, the exit code and the last lines */
  run(argv: readonly string[], options?: RemoteRun): Promise<Output>;
  /** A stream to the Docker Engine's socket on the machine. */
  dialEngine(): Promise<Duplex>;
  /**
   * A stream to a TCP port of the machine itself, inside the connection to the machine: nobody on the way can read it.
   *
   * @throws SwarmupError SSH_FORWARDING_REFUSED where neither sshd nor a program on the machine makes such a connection
   */
  dialPort(port: number): Promise<Duplex>;
  close(): void;
}
