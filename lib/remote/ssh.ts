import { randomUUID } from 'node:crypto';
import type { Duplex, Readable } from 'node:stream';
import type { NodeSSH } from 'node-ssh';
import type { Client, ClientChannel } from 'ssh2';
import { messageOf, SwarmupError } from '../util/errors.ts';
import type { Emit } from '../contracts/events.ts';
import type { SshEndpoint } from '../contracts/endpoint.ts';
import { Secret } from '../util/secret.ts';
import type { Host, RemoteRun } from '../contracts/host.ts';
import { isOk, lastLines, printed, type Output } from '../contracts/output.ts';
import { quote } from '../util/shell-quote.ts';
import { unlessAborted } from '../async/abortable.ts';
import { isTransient } from './transient.ts';
import { deadlineOf, limitsOf, tooLong, type Limits } from './deadline.ts';
import { ABORT_GRACE_MS, collect, feed, goneAfterAbort } from './ssh-command.ts';
import { openConnection, type ConnectOptions } from './ssh-connect.ts';
import { engineUnreachable, tunnelError } from './ssh-errors.ts';
import { Sudo } from './sudo.ts';

const ENGINE_SOCKET = '/var/run/docker.sock';
/** A variable in the environment of every command, by which the command can be found. */
const RUN_MARK = 'SWARMUP_RUN';

/** How long sudo may take to say what it needs, in milliseconds. */
const SUDO_MS = 120_000;

interface Execution extends Pick<RemoteRun, 'signal' | 'onLine' | 'output' | 'partial' | 'withinMs'> {
  /** The command in errors. */
  readonly shown: string;
  /** The beginning of standard input: the sudo password. */
  readonly first?: string | undefined;
  readonly input?: string | Readable | undefined;
}

/** Closes a channel that was opened after its command had been given up. */
function closeLate(channel: ClientChannel): void {
  channel.close();
}

/** One SSH connection to a machine, used for everything: commands and the Engine API use channels of it. */
export class SshHost implements Host {
  readonly name: string;
  readonly #ssh: NodeSSH;
  readonly #user: string;
  readonly #emit: Emit;
  readonly #socket: string;
  readonly #sudo: Sudo;
  #closed: Error | undefined;
  /** Whether sshd lets the user open the engine's socket; undefined before the first attempt. */
  #socketIsOurs: boolean | undefined;

  private constructor(name: string, ssh: NodeSSH, endpoint: SshEndpoint, { emit, sudoPassword }: ConnectOptions) {
    const { user, engineSocket } = endpoint;
    this.name = name;
    this.#ssh = ssh;
    this.#user = user;
    this.#emit = emit;
    this.#socket = engineSocket ?? ENGINE_SOCKET;
    const password = () => endpoint.sudoPassword ?? sudoPassword?.();
    this.#sudo = new Sudo({ host: name, user }, password, (argv, input) =>
      this.#execute(quote(argv), { input, withinMs: SUDO_MS, shown: `${name}: '${quote(argv)}'` }),
    );
    const gone = () => (this.#closed ??= new Error('the connection was closed'));
    this.#client()
      .on('close', gone)
      .on('error', (error: Error) => (this.#closed ??= error));
  }

  /**
   * Connects and pins the host key: a server with another key is rejected before anything is sent to it.
   *
   * @throws SwarmupError SSH_UNREACHABLE, SSH_HOST_KEY_UNKNOWN, SSH_HOST_KEY_CHANGED or SSH_AUTH_FAILED
   */
  static async connect(name: string, endpoint: SshEndpoint, options: ConnectOptions): Promise<SshHost> {
    return new SshHost(name, await openConnection(name, endpoint, options), endpoint, options);
  }

  /** Whether the connection can still be used. */
  get alive(): boolean {
    return this.#closed === undefined && this.#ssh.isConnected();
  }

  /** Whether commands can be run as root; false if sudo needs a password that isn't known. */
  canBeRoot(): Promise<boolean> {
    return this.#sudo.isUsable();
  }

  async run(argv: readonly string[], options: RemoteRun = {}): Promise<Output> {
    const input = options.input instanceof Secret ? options.input.reveal() : options.input;
    const asRoot = options.asRoot ?? true;
    // The command as a person would type it, without the passing of the password.
    const command = `${asRoot && this.#user !== 'root' ? 'sudo ' : ''}${quote(argv)}`;
    const start = Date.now();
    const { argv: whole, first } = asRoot ? await this.#sudo.wrap(argv, input !== undefined) : { argv };
    const output = await this.#execute(quote(whole), { ...options, first, input, shown: `${this.name}: '${command}'` });
    this.#emit({
      type: 'command-finished',
      host: this.name,
      command,
      exitCode: output.exitCode,
      ms: Date.now() - start,
      printed: options.secret ? '' : printed(output),
    });
    if (isOk(output, options.okExit)) return output;
    throw new SwarmupError('COMMAND_FAILED', `${this.name}: '${command}' ended with exit code ${output.exitCode}`, {
      fix: options.fix ?? 'Correct the error in its last lines below, and run again.',
      output: options.secret ? output.stderr : lastLines(output),
      transient: isTransient(lastLines(output)),
    });
  }

  /** Runs a command within its limits: a host may print without end, or never answer. */
  async #execute(command: string, execution: Execution): Promise<Output> {
    execution.signal?.throwIfAborted();
    const limits = limitsOf(execution.shown, deadlineOf(execution), execution.signal);
    try {
      return await this.#executeWithin(limits, command, execution);
    } catch (error) {
      limits.throwIfFailed();
      throw error;
    } finally {
      limits.end();
    }
  }

  async #executeWithin(limits: Limits, command: string, execution: Execution): Promise<Output> {
    const { onLine, output: sink, first, input, partial = onLine !== undefined, shown } = execution;
    const { signal, fail } = limits;
    const mark = `${RUN_MARK}=${randomUUID()}`;
    // Without an input the channel stays open for writing, because a signal can't be sent once it is closed.
    const isFed = input !== undefined || first !== undefined;
    const opening = this.#openCommand(`${mark} ${command}${isFed ? '' : ' </dev/null'}`);
    const channel = await unlessAborted(opening, signal, () => void opening.then(closeLate, () => undefined));
    const stop = () => this.#stopCommand(channel, mark);
    signal.addEventListener('abort', stop, { once: true });
    try {
      const onCut = () => void (partial || fail(tooLong(shown)));
      const result = collect(channel, { onLine, output: sink, onCut, fail });
      if (isFed) feed(channel, first, input);
      if (signal.aborted) stop();
      const output = await Promise.race([result, goneAfterAbort(signal)]);
      signal.throwIfAborted();
      if (output === undefined) throw this.#lost(new Error('the command ended without an exit code'));
      return output;
    } finally {
      signal.removeEventListener('abort', stop);
    }
  }

  /** Stops a command; only closing its channel would leave it running. */
  #stopCommand(channel: ClientChannel, mark: string): void {
    // OpenSSH forwards signals only with privilege separation, which it doesn't use for root, and only to the user's
    // own processes, which excludes sudo: root finds the command by the mark in its environment.
    channel.signal('TERM');
    const kill = `kill -TERM $(grep -l ${quote([mark])} /proc/[0-9]*/environ 2>/dev/null | cut -d/ -f3)`;
    const asRoot = this.#sudo.wrap(['sh', '-c', kill], false);
    asRoot.then(
      ({ argv, first }) =>
        this.#client().exec(quote(argv), (error, killer) => void (error === undefined && killer.end(first))),
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

  /** A connection through this host to another, as for a bastion. @throws SwarmupError SSH_UNREACHABLE */
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
    // A user with access to the socket needs no sudo; otherwise sshd refuses.
    if (this.#user === 'root' || this.#socketIsOurs !== false) {
      try {
        const stream = await this.#forwardSocket();
        this.#socketIsOurs = true;
        return stream;
      } catch (error) {
        if (this.#user === 'root') throw error;
        this.#socketIsOurs = false;
      }
    }
    return this.#dialStdio();
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

  async #dialStdio(): Promise<Duplex> {
    const { argv, first } = await this.#sudo.wrap(['docker', 'system', 'dial-stdio'], true);
    const channel = await this.#openCommand(quote(argv));
    if (first !== undefined) channel.write(first);
    return channel;
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
        fix: 'Check that the machine still runs (swarmup status), then run again.',
        cause,
      },
    );
  }

  /** Closes the connection immediately: a machine that is gone would never answer an orderly close. */
  close(): void {
    // First, because ssh2 doesn't destroy a connection after an orderly end has begun.
    this.#ssh.connection?.destroy();
    this.#ssh.dispose();
  }
}
