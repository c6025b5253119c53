import type { Machines, Remote } from '../context.ts';
import type { Emit } from '../events.ts';
import { SingleFlight } from '../single-flight.ts';
import type { Engine } from './engine.ts';
import type { SshHost } from './ssh.ts';

/** One SSH connection a host for the whole run, opened when first asked for and again after it was lost. */
export class SshRemote implements Remote {
  readonly #machines: Machines;
  readonly #emit: Emit;
  readonly #hosts = new SingleFlight<SshHost>();
  readonly #engines = new SingleFlight<{ host: SshHost; engine: Engine }>();

  constructor(machines: Machines, emit: Emit) {
    this.#machines = machines;
    this.#emit = emit;
  }

  async host(node: string, signal: AbortSignal): Promise<SshHost> {
    const { ssh } = this.#machines.running(node);
    const connect = () =>
      this.#hosts.run(node, async () => {
        const { SshHost } = await import('./ssh.ts');
        return SshHost.connect(node, ssh, this.#emit, signal);
      });
    const flight = connect();
    const host = await flight;
    if (host.alive) return host;
    host.close();
    // Only this one: another caller may have connected anew already.
    this.#hosts.forget(node, flight);
    return connect();
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

  async close(): Promise<void> {
    const hosts = await Promise.allSettled(this.#hosts.all());
    for (const host of hosts) if (host.status === 'fulfilled') host.value.close();
  }
}
