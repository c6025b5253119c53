import { randomUUID } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import type { Duplex } from 'node:stream';
import { NodeSSH } from 'node-ssh';
import type { Client, ClientChannel } from 'ssh2';
import { unlessAborted } from '../abort.ts';
import { interrupted, messageOf, SwarmupError } from '../errors.ts';
import type { Emit } from '../events.ts';
import type { SshEndpoint } from '../providers/provider.ts';
import { Secret } from '../secret.ts';
import type { Host, RemoteRun } from './host.ts';
import { lineSplitter } from './local.ts';
import { isOk, lastLines, printed, type Output } from './output.ts';
import { quote } from './quote.ts';
import { isTransient } from './transient.ts';
import { ABORT_GRACE_MS, collect, goneAfterAbort } from './ssh-command.ts';
import { connectError, engineUnreachable, tunnelError } from './ssh-errors.ts';

const ENGINE_SOCKET = '/var/run/docker.sock';
const READY_TIMEOUT_MS = 60_000;
const KEEPALIVE_MS = 10_000;
const KEEPALIVE_MISSES = 3;
/** In the environment of every command, so that it can be found again. */
const RUN_MARK = 'SWARMUP_RUN';

/** One SSH connection to a machine, used for everything: commands and the Engine API are channels of it. */
export class SshHost implements Host {
  readonly name: string;
  readonly #ssh: NodeSSH;
  readonly #user: string;
  readonly #emit: Emit;
  readonly #socket: string;
  #closed: Error | undefined;

  private constructor(name: string, ssh: NodeSSH, { user, engineSocket }: SshEndpoint, emit: Emit) {
    this.name = name;
    this.#ssh = ssh;
    this.#user = user;
    this.#emit = emit;
    this.#socket = engineSocket ?? ENGINE_SOCKET;
    const gone = () => (this.#closed ??= new Error('the connection was closed'));
    this.#client()
      .on('close', gone)
      .on('error', (error: Error) => (this.#closed ??= error));
  }

  /**
   * Connects and pins the host key: a server with another key is refused before anything is sent to it.
   *
   * @param through a way to the server that is open already: a bastion's
   * @throws SwarmupError SSH_UNREACHABLE, SSH_HOST_KEY_CHANGED or SSH_AUTH_FAILED
   */
  static async connect(
    name: string,
    endpoint: SshEndpoint,
    emit: Emit,
    signal: AbortSignal,
    through?: Duplex,
  ): Promise<SshHost> {
    if (signal.aborted) throw interrupted(signal.reason);
    const ssh = new NodeSSH();
    const pinned = Buffer.from(endpoint.hostKey.split(' ')[1] ?? '', 'base64');
    let offered: Buffer | undefined;
    try {
      const connecting = ssh.connect({
        host: endpoint.host,
        port: endpoint.port,
        ...(through ? { sock: through } : {}),
        username: endpoint.user,
        privateKey: await readFile(endpoint.identityFile, 'utf8'),
        readyTimeout: READY_TIMEOUT_MS,
        keepaliveInterval: KEEPALIVE_MS,
        keepaliveCountMax: KEEPALIVE_MISSES,
        algorithms: { serverHostKey: ['ssh-ed25519'], compress: ['none'] },
        hostVerifier: (key: Buffer) => {
          offered = key;
          return key.equals(pinned);
        },
      });
      // Disposing of a connection that is being made ends it, and tells nobody; of one that is not begun yet, only later.
      await unlessAborted(connecting, signal, () => {
        ssh.dispose();
        connecting.then(
          () => ssh.dispose(),
          () => undefined,
        );
      });
    } catch (cause) {
      if (signal.aborted) throw interrupted(cause);
      throw connectError(name, endpoint, cause, offered !== undefined && !offered.equals(pinned));
    }
    return new SshHost(name, ssh, endpoint, emit);
  }

  /** Whether the connection can still be used. */
  get alive(): boolean {
    return this.#closed === undefined && this.#ssh.isConnected();
  }

  async run(argv: readonly string[], options: RemoteRun = {}): Promise<Output> {
    const root = (options.asRoot ?? true) && this.#user !== 'root';
    const command = quote(root ? ['sudo', '-n', '--', ...argv] : argv);
    const start = Date.now();
    const output = await this.#execute(command, options);
    this.#emit({
      type: 'command-finished',
      host: this.name,
      command,
      exitCode: output.exitCode,
      ms: Date.now() - start,
      printed: printed(output),
    });
    if (isOk(output, options.okExit)) return output;
    if (root && /^sudo: /m.test(output.stderr) && /password|a terminal is required/.test(output.stderr)) {
      throw new SwarmupError(
        'SUDO_REFUSED',
        `${this.name}: the user ${this.#user} may not use sudo without a password`,
        {
          fix: `Let ${this.#user} use sudo without a password on ${this.name}, or log in as root.`,
          output: lastLines(output),
        },
      );
    }
    throw new SwarmupError('COMMAND_FAILED', `${this.name}: '${command}' ended with exit code ${output.exitCode}`, {
      fix: options.fix ?? 'Read its last lines below; correct what they name and run again.',
      output: lastLines(output),
      transient: isTransient(lastLines(output)),
    });
  }

  async #execute(command: string, options: RemoteRun): Promise<Output> {
    const { signal, onLine } = options;
    signal?.throwIfAborted();
    const input = options.input instanceof Secret ? options.input.reveal() : options.input;
    const mark = `${RUN_MARK}=${randomUUID()}`;
    // Without an input the channel stays open for writing, because a signal can't be sent once it is closed.
    const channel = await this.#openCommand(`${mark} ${command}${input === undefined ? ' </dev/null' : ''}`);
    const stop = () => this.#stopCommand(channel, mark);
    signal?.addEventListener('abort', stop, { once: true });
    try {
      const result = collect(channel, onLine ? lineSplitter(onLine) : undefined);
      if (input !== undefined) channel.end(input);
      if (signal?.aborted) stop();
      const output = await (signal ? Promise.race([result, goneAfterAbort(signal)]) : result);
      signal?.throwIfAborted();
      if (output === undefined) throw this.#lost(new Error('the command ended without an exit code'));
      return output;
    } finally {
      signal?.removeEventListener('abort', stop);
    }
  }

  /** Asks a command to end; closing its channel alone would leave it running. */
  #stopCommand(channel: ClientChannel, mark: string): void {
    // OpenSSH passes signals on only where it separates privileges, which it doesn't for root: root finds the command
    // by the mark in its environment.
    if (this.#user !== 'root') channel.signal('TERM');
    else
      this.#client().exec(
        `kill -TERM $(grep -l ${quote([mark])} /proc/[0-9]*/environ 2>/dev/null | cut -d/ -f3)`,
        () => undefined,
      );
    setTimeout(() => channel.close(), ABORT_GRACE_MS).unref();
  }

  #openCommand(command: string): Promise<ClientChannel> {
    return new Promise((resolve, reject) => {
      if (!this.alive) return reject(this.#lost(this.#closed));
      this.#client().exec(command, (error, channel) => {
        if (error) reject(this.#lost(error));
        else resolve(channel);
      });
      return undefined;
    });
  }

  /** A connection from this host to another: what a bastion is for. @throws SwarmupError SSH_UNREACHABLE */
  tunnel(host: string, port: number): Promise<Duplex> {
    return new Promise((resolve, reject) => {
      if (!this.alive) return reject(this.#lost(this.#closed));
      this.#client().forwardOut('127.0.0.1', 0, host, port, (error, stream) => {
        if (error) reject(tunnelError(this.name, host, port, error));
        else resolve(stream);
      });
      return undefined;
    });
  }

  async dialEngine(): Promise<Duplex> {
    if (this.#user === 'root') return this.#forwardSocket();
    // A user who may use the socket needs no sudo; sshd says no when it may not.
    return this.#forwardSocket().catch(() => this.#dialStdio());
  }

  #forwardSocket(): Promise<Duplex> {
    return new Promise((resolve, reject) => {
      if (!this.alive) return reject(this.#lost(this.#closed));
      this.#client().openssh_forwardOutStreamLocal(this.#socket, (error, stream) => {
        if (error) reject(engineUnreachable(this.name, this.#socket, error));
        else resolve(stream);
      });
      return undefined;
    });
  }

  #dialStdio(): Promise<Duplex> {
    return new Promise((resolve, reject) => {
      this.#client().exec('sudo -n docker system dial-stdio', (error, stream) => {
        if (error) reject(engineUnreachable(this.name, this.#socket, error));
        else resolve(stream);
      });
    });
  }

  #client(): Client {
    const client = this.#ssh.connection;
    if (!client) throw this.#lost(this.#closed);
    return client;
  }

  #lost(cause: unknown): SwarmupError {
    return new SwarmupError(
      'SSH_CONNECTION_LOST',
      `${this.name}: the SSH connection was lost: ${messageOf(this.#closed ?? cause)}`,
      {
        fix: 'See whether the machine still runs (swarmup status), then run again.',
        cause,
      },
    );
  }

  close(): void {
    this.#ssh.dispose();
  }
}
