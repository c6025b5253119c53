import type { RunCluster } from '../lib/contracts/run-cluster.ts';
import type { RunContext } from '../lib/contracts/context.ts';
import { FakeWorld } from '../test/fakes/world.ts';

/** A simulated swarm that is a real round trip away: every question takes that long, and is counted. */
export class DistantWorld extends FakeWorld {
  /** How many requests engines, hosts and pages got. */
  asked = 0;
  readonly #roundTripMs: number;

  constructor(roundTripMs: number) {
    super();
    this.#roundTripMs = roundTripMs;
    const { swarm } = this;
    const near = swarm.docker.bind(swarm);
    swarm.docker = (name) => this.#far(near(name));
  }

  override context(cluster: RunCluster): RunContext {
    const context = super.context(cluster);
    const { remote, http } = context;
    return {
      ...context,
      remote: { ...remote, host: async (node, signal) => this.#far(await remote.host(node, signal)) },
      http: this.#far(http),
    };
  }

  /** The same object, whose asynchronous functions take a round trip. */
  #far<T extends object>(near: T): T {
    return new Proxy(near, {
      get: (target, key) => {
        const value: unknown = Reflect.get(target, key);
        // dockerode's own layer below its functions.
        if (typeof value !== 'function' || key === 'modem') return value;
        return (...args: unknown[]): unknown => {
          const answer: unknown = Reflect.apply(value, target, args);
          if (answer instanceof Promise) return this.#later(answer);
          return typeof answer === 'object' && answer !== null ? this.#far(answer) : answer;
        };
      },
    });
  }

  async #later<T>(answer: Promise<T>): Promise<T> {
    this.asked++;
    // A refusal takes a round trip as well.
    const [settled] = await Promise.allSettled([answer, new Promise((done) => setTimeout(done, this.#roundTripMs))]);
    if (settled.status === 'rejected') throw settled.reason;
    return settled.value;
  }
}
