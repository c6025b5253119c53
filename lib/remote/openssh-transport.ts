import { spawn, type ChildProcess, type ChildProcessWithoutNullStreams } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Duplex } from 'node:stream';
import { interrupted } from '../util/errors.ts';
import type { OpenSshRoute, SshEndpoint } from '../contracts/endpoint.ts';
import { removeOwn } from '../util/remove.ts';
import { openSshFailed, TunnelRefused, type OpenSshFailure } from './openssh-errors.ts';
import { lastWords } from './last-words.ts';
import { endProcess } from './processes.ts';
import { ProcessChannel } from './process-channel.ts';
import { openedInTime, type CommandChannel, type Transport } from './transport.ts';

const READY = 'swarmup-connected';
/** Longer than for swarmup's own connections: a proxy command may have to start something first. */
const LOGIN_MS = 180_000;

/**
 * The settings of a connection that swarmup uses for itself: no terminal, no forwards of the user, no questions, no
 * changes to the user's files. StrictHostKeyChecking no would accept changed keys, which swarmup never does.
 */
const OWN_SETTINGS = [
  'BatchMode=yes',
  'ClearAllForwardings=yes',
  'ControlPersist=no',
  'ForkAfterAuthentication=no',
  'ForwardAgent=no',
  'ForwardX11=no',
  'RemoteCommand=none',
  'RequestTTY=no',
  'SessionType=default',
  'StdinNull=no',
  'UpdateHostKeys=no',
  'AddKeysToAgent=no',
  'EscapeChar=none',
  'LogLevel=INFO',
  'ServerAliveInterval=10',
  'ServerAliveCountMax=3',
] as const;

/** The settings above as arguments. */
export function ownSettings(...more: readonly string[]): string[] {
  return [...OWN_SETTINGS, ...more].flatMap((setting) => ['-o', setting]);
}

/** What OpenSSH prints when it connects, and what runs on the server while the connection lasts. */
const WHILE_OPEN = 'cat >/dev/null';

/** A connection made by OpenSSH's own client, which every channel shares: ssh_config(5), ControlMaster. */
export class OpenSshTransport implements Transport {
  readonly #route: OpenSshRoute;
  readonly #master: ChildProcessWithoutNullStreams;
  readonly #folder: string;
  #closed: Error | undefined;

  private constructor(route: OpenSshRoute, master: ChildProcessWithoutNullStreams, folder: string) {
    this.#route = route;
    this.#master = master;
    this.#folder = folder;
    this.onClosed((cause) => (this.#closed ??= cause));
  }

  /**
   * Logs in as ssh(1) does. The connection ends with this process: its standard input is what keeps it open.
   *
   * @param withinMs how long the login may take, in milliseconds: ssh(1) itself waits for ever
   * @throws SwarmupError SSH_UNREACHABLE, SSH_HOST_KEY_UNKNOWN, SSH_HOST_KEY_CHANGED or SSH_AUTH_FAILED
   */
  static async connect(
    name: string,
    endpoint: SshEndpoint & { readonly openssh: OpenSshRoute },
    signal: AbortSignal,
    withinMs = LOGIN_MS,
  ): Promise<OpenSshTransport> {
    if (signal.aborted) throw interrupted(signal.reason);
    const { openssh: route } = endpoint;
    const folder = await mkdtemp(join(tmpdir(), 'swarmup-ssh-'));
    const settings = ownSettings(
      'ControlMaster=yes',
      `ControlPath=${controlPath(folder)}`,
      'PermitLocalCommand=yes',
      `LocalCommand=echo ${READY}`,
    );
    const master = spawn(route.program, [...settings, ...route.args, WHILE_OPEN], { detached: true });
    master.stdin.on('error', () => undefined);
    // The signal is for the login: the connection outlives the caller that needed it first.
    const stop = () => endWithProxy(master);
    let isLate = false;
    const timer = setTimeout(() => {
      isLate = true;
      stop();
    }, withinMs);
    signal.addEventListener('abort', stop, { once: true });
    const failure = await greeting(master);
    signal.removeEventListener('abort', stop);
    clearTimeout(timer);
    if (failure === undefined) return new OpenSshTransport(route, master, folder);
    await removeOwn(folder);
    if (signal.aborted) throw interrupted(signal.reason);
    const silent = isLate ? `no login within ${Math.round(withinMs / 1000)} s` : undefined;
    throw openSshFailed(name, endpoint, silent === undefined ? failure : { errors: `${failure.errors}\n${silent}` });
  }

  get alive(): boolean {
    return this.#closed === undefined;
  }

  onClosed(listener: (cause: Error) => void): void {
    this.#master.once('close', () => {
      listener(new Error('the connection was closed'));
      // A leftover folder of the system's temporary files is harmless.
      removeOwn(this.#folder).catch(() => undefined);
    });
  }

  exec(command: string, attach?: (channel: CommandChannel) => void): Promise<CommandChannel> {
    const channel = this.#channel(['-o', 'LogLevel=ERROR'], [command]);
    attach?.(channel);
    return Promise.resolve(channel);
  }

  async tunnel(host: string, port: number): Promise<Duplex> {
    const target = host.includes(':') ? `[${host}]` : host;
    // ssh reports on standard error, when asked to, that the server has opened the connection.
    const channel = this.#channel(['-o', 'LogLevel=DEBUG1', '-W', `${target}:${port}`], []);
    return openedInTime(forwarded(channel).then(() => channel));
  }

  socket(): Promise<Duplex> {
    return Promise.reject(new Error("OpenSSH's client forwards no single connection to a socket"));
  }

  destroy(): void {
    endWithProxy(this.#master);
  }

  /** One more channel of the connection; without it, ssh would open a new one, which the proxy command prevents. */
  #channel(options: readonly string[], command: readonly string[]): ProcessChannel {
    const settings = ['ControlMaster=no', `ControlPath=${controlPath(this.#folder)}`, 'ProxyCommand=exit 1'];
    const args = ['-F', '/dev/null', '-T', ...settings.flatMap((setting) => ['-o', setting]), ...options];
    const child = spawn(this.#route.program, [...args, '--', 'swarmup', ...command], { detached: true });
    return new ProcessChannel(child, () => !this.alive);
  }
}

/** Ends ssh with its proxy command, which it would leave behind while it connects: both are in a group of their own. */
export function endWithProxy({ pid, exitCode, signalCode }: ChildProcess): void {
  if (pid !== undefined && exitCode === null && signalCode === null) endProcess(-pid, 'SIGTERM');
}

/** What ssh(1) prints once a connection is forwarded. Source: OpenSSH, mux.c, mux_client_request_stdio_fwd. */
const FORWARDED = 'master session id';

/** Waits until the server has opened the connection of `ssh -W`. */
async function forwarded(channel: ProcessChannel): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    const errors = lastWords(channel.stderr, (text) => {
      if (text.includes(FORWARDED)) resolve();
    });
    const failed = (cause?: unknown) => {
      const words = errors()
        .replace(/^debug\d: .*\n?/gm, '')
        .trim();
      reject(new TunnelRefused(words === '' ? 'the server refuses it' : words, { cause }));
    };
    channel.once('exit', () => failed());
    channel.once('error', failed);
    channel.once('close', () => failed());
  });
}

/** Percent signs would be tokens. */
function controlPath(folder: string): string {
  return `"${join(folder, 'c').replaceAll('%', '%%')}"`;
}

/** Waits until OpenSSH has connected. @returns what it printed if it ended instead */
async function greeting(master: ChildProcessWithoutNullStreams): Promise<OpenSshFailure | undefined> {
  const errors = lastWords(master.stderr);
  const ready = new Promise<undefined>((resolve) => {
    lastWords(master.stdout, (text) => {
      if (text.includes(READY)) resolve(undefined);
    });
  });
  const ended = once(master, 'close').then(
    () => ({ errors: errors() }),
    // The program can't be started, or the connection was aborted.
    (error: unknown) => ({ errors: String(error) }),
  );
  return Promise.race([ready, ended]);
}
