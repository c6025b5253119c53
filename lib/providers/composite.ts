import type { NodeSpec, ProviderSection } from '../config/model.ts';
import type { Change } from '../contracts/change.ts';
import type { Endpoint } from '../contracts/endpoint.ts';
import type {
  Machine,
  Price,
  Provider,
  ProviderFactory,
  ProviderIo,
  ProviderOptions,
  SharedThings,
  Snapshots,
  UnknownHost,
} from '../contracts/provider.ts';

/** Several providers as one: each sees only the nodes that name it, and its own machines. */
class Composite implements Provider {
  readonly #nodes: readonly NodeSpec[];
  readonly #parts: ReadonlyMap<string, Provider>;
  /** Which provider listed a machine, by the machine's name. */
  readonly #owners = new Map<string, Provider>();
  readonly shared?: SharedThings;
  readonly snapshots: Snapshots | undefined;

  constructor(nodes: readonly NodeSpec[], parts: ReadonlyMap<string, Provider>, snapshots: Snapshots | undefined) {
    this.#nodes = nodes;
    this.#parts = parts;
    this.snapshots = snapshots;
    const sharing = [...parts.values()].flatMap(({ shared }) => shared ?? []);
    if (sharing.length > 0) this.shared = allOf(sharing);
  }

  async list(signal: AbortSignal, names?: readonly string[]): Promise<readonly Machine[]> {
    const lists = await Promise.all(
      [...this.#parts].map(async ([part, provider]) =>
        (await provider.list(signal, names)).map((machine) => ({ machine, part, provider })),
      ),
    );
    // Providers of the same kind all see each other's machines: a machine is listed once, by the provider that its node
    // names.
    const found = new Map<string, Machine>();
    for (const { machine, part, provider } of lists.flat()) {
      const isOwn = this.#nodes.some((node) => node.name === machine.name && node.provider === part);
      if (found.has(machine.name) && !isOwn) continue;
      found.set(machine.name, machine);
      this.#owners.set(machine.name, provider);
    }
    return [...found.values()];
  }

  plan(node: NodeSpec, machine: Machine | undefined): readonly Change[] {
    return this.#of(node).plan(node, machine);
  }

  create(node: NodeSpec, io: ProviderIo): Promise<Machine> {
    return this.#of(node).create(node, io);
  }

  stop(name: string, io: ProviderIo): Promise<void> {
    return this.#owner(name).stop(name, io);
  }

  cutPower(name: string, io: ProviderIo): Promise<void> {
    return this.#owner(name).cutPower(name, io);
  }

  destroy(name: string, io: ProviderIo): Promise<void> {
    return this.#owner(name).destroy(name, io);
  }

  async destroyShared(io: ProviderIo): Promise<readonly string[]> {
    const left = await Promise.all([...this.#parts.values()].map((part) => part.destroyShared(io)));
    return left.flat();
  }

  endpoint(machine: Machine, port: number, protocol?: 'tcp' | 'udp'): Endpoint {
    return this.#owner(machine.name).endpoint(machine, port, protocol);
  }

  price(node: NodeSpec): Price | undefined {
    return this.#of(node).price?.(node);
  }

  async unknownHosts(): Promise<readonly UnknownHost[]> {
    const all = await Promise.all([...this.#parts.values()].map(async (part) => (await part.unknownHosts?.()) ?? []));
    return all.flat();
  }

  async networks(signal: AbortSignal): ReturnType<NonNullable<Provider['networks']>> {
    const all = await Promise.all([...this.#parts.values()].map(async (part) => (await part.networks?.(signal)) ?? []));
    return all.flat();
  }

  async remember(): Promise<void> {
    for (const part of this.#parts.values()) await part.remember?.();
  }

  #of({ name, provider = '' }: NodeSpec): Provider {
    const part = this.#parts.get(provider);
    if (!part) throw new Error(`the node ${name} names no provider of this cluster`);
    return part;
  }

  /** The provider of a machine: the one that listed it, else the one in the cluster file. */
  #owner(name: string): Provider {
    const listed = this.#owners.get(name);
    if (listed) return listed;
    const node = this.#nodes.find((one) => one.name === name);
    if (!node) throw new Error(`no provider has a machine ${name}`);
    return this.#of(node);
  }
}

function allOf(things: readonly SharedThings[]): SharedThings {
  return {
    plan: async (io) => (await Promise.all(things.map((one) => one.plan(io)))).flat(),
    apply: async (io) => void (await Promise.all(things.map((one) => one.apply(io)))),
    leftovers: async (signal) => (await Promise.all(things.map((one) => one.leftovers(signal)))).flat(),
  };
}

/** @param load loads the provider of one section */
export async function createComposite(
  load: (section: ProviderSection) => Promise<ProviderFactory>,
  options: ProviderOptions,
): Promise<Provider> {
  const { cluster } = options;
  const sections = cluster.provider.parts ?? {};
  const parts = await Promise.all(
    Object.entries(sections).map(async ([name, section]) => {
      const create = await load(section);
      const nodes = cluster.nodes.filter((node) => node.provider === name);
      return [name, await create({ ...options, cluster: { ...cluster, provider: section, nodes } })] as const;
    }),
  );
  // A snapshot is of one moment, so one provider takes it; those of the same kind all see every machine of the cluster.
  const kinds = new Set(Object.values(sections).map(({ type }) => type));
  const [first] = parts;
  return new Composite(cluster.nodes, new Map(parts), kinds.size === 1 ? first?.[1].snapshots : undefined);
}
