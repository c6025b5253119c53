import { randomUUID } from 'node:crypto';
import type { Duplex, Readable } from 'node:stream';
import { SwarmupError } from '../util/errors.ts';
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
import { connectionLost, engineUnreachable, tunnelError } from './ssh-errors.ts';
import { inAnyShell, RUN_MARK, skipPreamble } from './preamble.ts';
import { PortDialer } from './port-dial.ts';
import { Sudo } from './sudo.ts';
import type { CommandChannel, Transport } from './transport.ts';
import { unreadable } from './unreadable.ts';

const ENGINE_SOCKET = '/var/run/docker.sock';

/** How long sudo may take to say what it needs, in milliseconds. */
const SUDO_MS = 120_000;

interface Execution extends Pick<RemoteRun, 'signal' | 'onLine' | 'output' | 'partial' | 'withinMs'> {
  /** The command in errors. */
  readonly shown: string;
  /** The beginning of standard input: the sudo password. */
  readonly first?: string | undefined;
  readonly input?: string | Readable | undefined;
}

/** One SSH connection to a machine, used for everything: commands and the Engine API use channels of it. */
export class SshHost implements Host {
  readonly name: string;
  readonly #transport: Transport;
  readonly #user: string;
  readonly #emit: Emit;
  /** Where the engine listens, if not where Docker puts it. */
  readonly #socket: string | undefined;
  readonly #sudo: Sudo;
  readonly #ports: PortDialer;
  #closed: Error | undefined;
  /** Whether sshd lets the user open the engine's socket; undefined before the first attempt. */
  #socketIsOurs: boolean | undefined;

  private constructor(name: string, transport: Transport, endpoint: SshEndpoint, options: ConnectOptions) {
    const { emit, sudoPassword } = options;
    const { user, engineSocket } = endpoint;
    this.name = name;
    this.#transport = transport;
    this.#user = user;
    this.#emit = emit;
    this.#socket = engineSocket;
    const password = () => endpoint.sudoPassword ?? sudoPassword?.();
    this.#sudo = new Sudo({ host: name, user }, password, (argv, input) =>
      this.#execute(quote(argv), { input, withinMs: SUDO_MS, shown: `${name}: '${quote(argv)}'` }),
    );
    this.#ports = new PortDialer({ host: this, transport, stream: (argv) => this.#stream(argv) });
    transport.onClosed((cause) => (this.#closed ??= cause));
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
    return this.#closed === undefined && this.#transport.alive;
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
      fix: options.fix ?? 'Correct the error in its last lines, and run again.',
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
    const mark = randomUUID();
    // Without an input the channel stays open for writing, because a signal can't be sent once it is closed.
    const isFed = input !== undefined || first !== undefined;
    const onCut = () => void (partial || fail(tooLong(shown)));
    const opening = this.#openCommand(inAnyShell(`${command}${isFed ? '' : ' </dev/null'}`, mark), (opened) => ({
      preamble: skipPreamble(opened, mark),
      result: collect(opened, { onLine, output: sink, onCut, fail }),
    }));
    const closeLate = () => void opening.then(({ channel: late }) => late.close()).catch(() => undefined);
    const { channel, attached } = await unlessAborted(opening, signal, closeLate);
    const { preamble, result } = attached;
    const stop = () => this.#stopCommand(channel, mark);
    signal.addEventListener('abort', stop, { once: true });
    try {
      if (isFed) feed(channel, first, input);
      if (signal.aborted) stop();
      const output = await Promise.race([result, goneAfterAbort(signal)]);
      signal.throwIfAborted();
      if (output === undefined) throw this.#lost(new Error('the command ended without an exit code'));
      if (!preamble.isOver) throw unreadable(this.name, `a command`, `${preamble.text}${output.stderr}`);
      return output;
    } finally {
      signal.removeEventListener('abort', stop);
    }
  }

  /** Stops a command; only closing its channel would leave it running. */
  #stopCommand(channel: CommandChannel, mark: string): void {
    // OpenSSH forwards signals only with privilege separation, which it doesn't use for root, and only to the user's
    // own processes, which excludes sudo: root finds the command by the mark in its environment.
    channel.signal('TERM');
    const kill = `kill -TERM $(grep -l ${quote([`${RUN_MARK}=${mark}`])} /proc/[0-9]*/environ 2>/dev/null | cut -d/ -f3)`;
    const asRoot = this.#sudo.wrap(['sh', '-c', kill], false);
    asRoot
      .then(async ({ argv, first }) => {
        const killer = await this.#transport.exec(inAnyShell(quote(argv), randomUUID()));
        killer.end(first);
      })
      // The connection may be lost, which ends the command too.
      .catch(() => undefined);
    setTimeout(() => channel.close(), ABORT_GRACE_MS).unref();
  }

  /** @param attach gets the channel before its first event */
  async #openCommand<T>(command: string, attach: (channel: CommandChannel) => T) {
    if (!this.alive) throw this.#lost(this.#closed);
    const attached: T[] = [];
    const channel = await this.#transport
      .exec(command, (opened) => attached.push(attach(opened)))
      .catch((error: unknown) => {
        throw this.#lost(error);
      });
    const [first] = attached;
    if (first === undefined) throw this.#lost(new Error('the command was not started'));
    return { channel, attached: first };
  }

  /** A connection through this host to another, as for a bastion. @throws SwarmupError SSH_UNREACHABLE */
  async tunnel(host: string, port: number): Promise<Duplex> {
    if (!this.alive) throw this.#lost(this.#closed);
    return this.#transport.tunnel(host, port).catch((error: unknown) => {
      throw tunnelError(this.name, host, port, error);
    });
  }

  async dialEngine(): Promise<Duplex> {
    if (!this.alive) throw this.#lost(this.#closed);
    // A user with access to the socket needs no sudo; otherwise sshd refuses.
    if (this.#socketIsOurs !== false) {
      const socket = this.#socket ?? ENGINE_SOCKET;
      try {
        const stream = await this.#transport.socket(socket);
        this.#socketIsOurs = true;
        return stream;
      } catch (error) {
        if (this.#socketIsOurs === true || (this.#user === 'root' && !(await this.#engineAnswersCli())))
          throw engineUnreachable(this.name, socket, error);
        this.#socketIsOurs = false;
      }
    }
    return this.#dialStdio();
  }

  /** Whether the engine answers Docker's client on the host: then sshd refuses to forward its socket. */
  async #engineAnswersCli(): Promise<boolean> {
    if (!this.alive) throw this.#lost(this.#closed);
    const command = quote(this.#docker('version', '--format', '{{.Server.Version}}'));
    const { exitCode } = await this.#execute(command, { shown: `${this.name}: '${command}'` });
    return exitCode === 0;
  }

  async #dialStdio(): Promise<Duplex> {
    const { argv, first } = await this.#sudo.wrap(this.#docker('system', 'dial-stdio'), true);
    const channel = await this.#stream(argv);
    if (first !== undefined) channel.write(first);
    return channel;
  }

  async dialPort(port: number): Promise<Duplex> {
    if (!this.alive) throw this.#lost(this.#closed);
    return this.#ports.dial(port);
  }

  /** The standard input and output of a command, as a stream. */
  async #stream(argv: readonly string[]): Promise<Duplex> {
    const mark = randomUUID();
    const { channel } = await this.#openCommand(inAnyShell(quote(argv), mark), (opened) => skipPreamble(opened, mark));
    // Nobody reads it, and a program whose errors aren't read stops.
    channel.stderr.resume();
    return channel;
  }

  #docker(...args: readonly string[]): string[] {
    return ['docker', ...(this.#socket === undefined ? [] : ['-H', `unix://${this.#socket}`]), ...args];
  }

  #lost(cause: unknown): SwarmupError {
    return connectionLost(this.name, this.#closed ?? cause);
  }

  /** Closes the connection immediately: a machine that is gone would never answer an orderly close. */
  close(): void {
    this.#closed ??= new Error('the connection was closed');
    this.#transport.destroy();
  }
}
