import type { Duplex } from 'node:stream';
import type { Machines } from '../contracts/machines.ts';
import type { Remote } from '../contracts/remote.ts';
import type { Endpoint, SshEndpoint } from '../contracts/endpoint.ts';
import { unlessAborted } from '../async/abortable.ts';
import { hasCode } from '../util/errors.ts';
import type { Emit } from '../contracts/events.ts';
import type { Secret } from '../util/secret.ts';
import { SingleFlight } from '../async/single-flight.ts';
import type { Engine } from '../contracts/engine.ts';
import type { SshHost } from './ssh.ts';

/** A machine that has not let us in within this is still booting, or as good as not there; in milliseconds. */
const ANSWER_MS = 15_000;

/** One SSH connection a host for the whole run, opened when first asked for and again after it was lost. */
export class SshRemote implements Remote {
  readonly #machines: Machines;
  readonly #emit: Emit;
  readonly #answerMs: number;
  #sudoPassword: Secret | undefined;
  readonly #closing = new AbortController();
  readonly #hosts = new SingleFlight<SshHost>();
  /** One connection to each bastion, for all that goes through it. */
  readonly #bastions = new SingleFlight<SshHost>();
  readonly #engines = new SingleFlight<{ host: SshHost; engine: Engine }>();

  /** @param answerMs how long a machine may take to let us in before it counts as still booting */
  constructor(machines: Machines, emit: Emit, answerMs = ANSWER_MS) {
    this.#machines = machines;
    this.#emit = emit;
    this.#answerMs = answerMs;
  }

  /** A password for sudo on hosts that have none of their own, asked for once a run. */
  useSudoPassword(password: Secret): void {
    this.#sudoPassword = password;
  }

  async host(node: string, signal: AbortSignal): Promise<SshHost> {
    const { ssh } = this.#machines.running(node);
    return this.#connected(this.#hosts, { name: node, ssh }, signal);
  }

  /**
   * The host key that a server shows to whoever asks, through its bastions.
   *
   * @returns `type base64`
   * @throws SwarmupError SSH_UNREACHABLE, and what connecting to a bastion throws
   */
  async hostKeyOf(endpoint: SshEndpoint, signal: AbortSignal): Promise<string> {
    const { scanHostKey } = await import('./ssh-connect.ts');
    const through = endpoint.via && (await this.dial(endpoint.via, endpoint, signal));
    const until = AbortSignal.any([signal, AbortSignal.timeout(this.#answerMs)]);
    return scanHostKey(`${endpoint.host}:${endpoint.port}`, endpoint, { signal: until, through });
  }

  async dial(via: SshEndpoint, { host, port }: Endpoint, signal: AbortSignal): Promise<Duplex> {
    const name = `${via.user}@${via.host}:${via.port}`;
    const bastion = await this.#connected(this.#bastions, { name, ssh: via }, signal);
    return bastion.tunnel(host, port);
  }

  /** The connection that is kept to a server; made when first asked for and again after it was lost. */
  async #connected(
    kept: SingleFlight<SshHost>,
    { name, ssh }: { readonly name: string; readonly ssh: SshEndpoint },
    signal: AbortSignal,
  ): Promise<SshHost> {
    const connect = () =>
      kept.run(name, async () => {
        const { SshHost } = await import('./ssh.ts');
        const until = AbortSignal.any([signal, this.#closing.signal]);
        const through = ssh.via && (await this.dial(ssh.via, ssh, signal));
        return SshHost.connect(name, ssh, {
          emit: this.#emit,
          signal: until,
          through,
          sudoPassword: () => this.#sudoPassword,
        });
      });
    const flight = connect();
    const host = await unlessAborted(flight, signal).catch((error: unknown) => {
      // Whoever began this connection gave it up, which is no reason for us to.
      if (hasCode(error, 'INTERRUPTED') && !signal.aborted && !this.#closing.signal.aborted)
        return unlessAborted(connect(), signal);
      throw error;
    });
    if (host.alive) return host;
    host.close();
    // Only this one: another caller may have connected anew already.
    kept.forget(name, flight);
    return connect();
  }

  async answers(node: string, signal: AbortSignal): Promise<boolean> {
    const limit = AbortSignal.timeout(this.#answerMs);
    try {
      // The connection is kept: looking costs nothing that isn't needed next.
      await this.host(node, AbortSignal.any([signal, limit]));
      return true;
    } catch (error) {
      signal.throwIfAborted();
      if (limit.aborted || hasCode(error, 'SSH_UNREACHABLE', 'SSH_CONNECTION_LOST')) return false;
      throw error;
    }
  }

  async engine(node: string, signal: AbortSignal): Promise<Engine> {
    const host = await this.host(node, signal);
    const open = () =>
      this.#engines.run(node, async () => {
        const { openEngine } = await import('./engine.ts');
        return { host, engine: await openEngine(node, () => host.dialEngine(), signal, this.#emit) };
      });
    const flight = open();
    const known = await flight;
    if (known.host === host) return known.engine;
    this.#engines.forget(node, flight);
    return (await open()).engine;
  }

  /** Ends every connection, also those that are being made. None can be made after it: it would keep the process alive. */
  async close(): Promise<void> {
    this.#closing.abort();
    const hosts = await Promise.allSettled([...this.#hosts.all(), ...this.#bastions.all()]);
    for (const host of hosts) if (host.status === 'fulfilled') host.value.close();
  }
}
