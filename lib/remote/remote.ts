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

/** A machine that doesn't accept a login within this time counts as still booting or gone, in milliseconds. */
const ANSWER_MS = 15_000;

/** One SSH connection per host for the whole run, opened on first use and reopened after it was lost. */
export class SshRemote implements Remote {
  readonly #machines: Machines;
  readonly #emit: Emit;
  readonly #answerMs: number;
  #sudoPassword: Secret | undefined;
  readonly #closing = new AbortController();
  readonly #hosts = new SingleFlight<SshHost>();
  /** One connection to each bastion, shared by everything that goes through it. */
  readonly #bastions = new SingleFlight<SshHost>();
  readonly #engines = new SingleFlight<{ host: SshHost; engine: Engine }>();

  /** @param answerMs how long a machine may take to accept a login before it counts as still booting */
  constructor(machines: Machines, emit: Emit, answerMs = ANSWER_MS) {
    this.#machines = machines;
    this.#emit = emit;
    this.#answerMs = answerMs;
  }

  /** Sets the sudo password for hosts without their own, asked for once per run. */
  useSudoPassword(password: Secret): void {
    this.#sudoPassword = password;
  }

  async host(node: string, signal: AbortSignal): Promise<SshHost> {
    const { ssh } = this.#machines.running(node);
    return this.#connected(this.#hosts, { name: node, key: node, ssh }, signal);
  }

  /**
   * The host key that a server presents before authentication, through its bastions.
   *
   * @returns `type base64`
   * @throws SwarmupError SSH_UNREACHABLE, and the errors of connecting to a bastion
   */
  async hostKeyOf(endpoint: SshEndpoint, signal: AbortSignal): Promise<string> {
    const { scanHostKey } = await import('./ssh-connect.ts');
    const until = AbortSignal.any([signal, AbortSignal.timeout(this.#answerMs)]);
    const through = this.#through(endpoint, signal);
    return scanHostKey(`${endpoint.host}:${endpoint.port}`, endpoint, { signal: until, through });
  }

  async dial(via: SshEndpoint, { host, port }: Endpoint, signal: AbortSignal): Promise<Duplex> {
    const bastion = await this.#connected(this.#bastions, { name: nameOf(via), key: wayTo(via), ssh: via }, signal);
    return bastion.tunnel(host, port);
  }

  /** Opens the stream to a server behind a bastion. */
  #through(ssh: SshEndpoint, signal: AbortSignal): (() => Promise<Duplex>) | undefined {
    const { via } = ssh;
    return via && (() => this.dial(via, ssh, signal));
  }

  /** The kept connection to a server, opened on first use and reopened after it was lost. */
  async #connected(
    kept: SingleFlight<SshHost>,
    { name, key, ssh }: { readonly name: string; readonly key: string; readonly ssh: SshEndpoint },
    signal: AbortSignal,
  ): Promise<SshHost> {
    const connect = () =>
      kept.run(key, async () => {
        const { SshHost } = await import('./ssh.ts');
        const until = AbortSignal.any([signal, this.#closing.signal]);
        return SshHost.connect(name, ssh, {
          emit: this.#emit,
          signal: until,
          through: this.#through(ssh, signal),
          sudoPassword: () => this.#sudoPassword,
        });
      });
    const flight = connect();
    const host = await unlessAborted(flight, signal).catch((error: unknown) => {
      // The caller that began this connection aborted it; this caller still needs it.
      if (hasCode(error, 'INTERRUPTED') && !signal.aborted && !this.#closing.signal.aborted)
        return unlessAborted(connect(), signal);
      throw error;
    });
    if (host.alive) return host;
    host.close();
    // Only this one: another caller may have reconnected already.
    kept.forget(key, flight);
    return connect();
  }

  async answers(node: string, signal: AbortSignal): Promise<boolean> {
    const limit = AbortSignal.timeout(this.#answerMs);
    try {
      // The connection is kept, as it is needed next anyway.
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
        return { host, engine: await openEngine(node, () => host.dialEngine(), this.#closing.signal, this.#emit) };
      });
    const flight = open();
    // Others may wait for the same engine, so only this caller gives up.
    const known = await unlessAborted(flight, signal);
    if (known.host === host) return known.engine;
    this.#engines.forget(node, flight);
    return (await unlessAborted(open(), signal)).engine;
  }

  /**
   * Closes every connection, including those being opened. None can be opened afterwards: it would keep the process
   * alive.
   */
  async close(): Promise<void> {
    this.#closing.abort();
    const hosts = await Promise.allSettled([...this.#hosts.all(), ...this.#bastions.all()]);
    for (const host of hosts) if (host.status === 'fulfilled') host.value.close();
  }
}

function nameOf({ user, host, port }: SshEndpoint): string {
  return `${user}@${host}:${port}`;
}

/** A bastion and how it is reached: the same address may be another server elsewhere. */
function wayTo(via: SshEndpoint): string {
  return via.via ? `${wayTo(via.via)} ${nameOf(via)}` : nameOf(via);
}
