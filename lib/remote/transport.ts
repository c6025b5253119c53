import type { Duplex, Readable } from 'node:stream';
import type { NodeSSH } from 'node-ssh';
import type { Client } from 'ssh2';

/** A command on the other side: its standard input and output, and the events `exit` (code, or null) and `close`. */
export interface CommandChannel extends Duplex {
  readonly stderr: Readable;
  /** Asks the server to send its process a signal, such as TERM; not every server does. */
  signal(name: string): void;
  close(): void;
}

/** A connection to an SSH server: commands and forwarded connections are its channels. */
export interface Transport {
  readonly alive: boolean;
  /** Calls back when the connection is lost or closed. */
  onClosed(listener: (cause: Error) => void): void;
  /**
   * Starts a command.
   *
   * @param attach gets the channel before its first event: output and exit code may arrive with the server's consent
   */
  exec(command: string, attach?: (channel: CommandChannel) => void): Promise<CommandChannel>;
  /** A connection from the server to another. */
  tunnel(host: string, port: number): Promise<Duplex>;
  /** A connection to a UNIX socket on the server. */
  socket(path: string): Promise<Duplex>;
  /** Closes it immediately: a machine that is gone would never answer an orderly close. */
  destroy(): void;
}

/** A connection made by ssh2. */
export class Ssh2Transport implements Transport {
  readonly #ssh: NodeSSH;
  readonly #client: Client;

  constructor(ssh: NodeSSH) {
    this.#ssh = ssh;
    if (!ssh.connection) throw new Error('the connection was closed');
    this.#client = ssh.connection;
  }

  get alive(): boolean {
    return this.#ssh.isConnected();
  }

  onClosed(listener: (cause: Error) => void): void {
    this.#client.on('error', listener).on('close', () => listener(new Error('the connection was closed')));
  }

  exec(command: string, attach?: (channel: CommandChannel) => void): Promise<CommandChannel> {
    return called((done) =>
      this.#client.exec(command, (error, channel) => {
        if (!error) attach?.(channel);
        done(error, channel);
      }),
    );
  }

  tunnel(host: string, port: number): Promise<Duplex> {
    return openedInTime(called((done) => this.#client.forwardOut('127.0.0.1', 0, host, port, done)));
  }

  socket(path: string): Promise<Duplex> {
    return openedInTime(called((done) => this.#client.openssh_forwardOutStreamLocal(path, done)));
  }

  destroy(): void {
    // First, because ssh2 doesn't destroy a connection after an orderly end has begun.
    this.#client.destroy();
    this.#ssh.dispose();
  }
}

/** How long a server may take to open a forwarded connection, in milliseconds: longer than TCP tries to connect. */
const OPEN_MS = 150_000;

/**
 * A connection that the server is asked for, unless it doesn't answer in time.
 *
 * @param withinMs in milliseconds
 */
export async function openedInTime<T extends Duplex>(opening: Promise<T>, withinMs = OPEN_MS): Promise<T> {
  const { promise: late, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => {
    reject(new Error(`no answer within ${Math.round(withinMs / 1000)} s`));
    opening.then(
      (stream) => stream.destroy(),
      () => undefined,
    );
  }, withinMs);
  try {
    return await Promise.race([opening, late]);
  } finally {
    clearTimeout(timer);
  }
}

function called<T>(call: (done: (error: Error | undefined, result: T) => void) => unknown): Promise<T> {
  return new Promise((resolve, reject) => {
    call((error, result) => {
      if (error) reject(error);
      else resolve(result);
    });
  });
}
