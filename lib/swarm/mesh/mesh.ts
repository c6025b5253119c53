import { Coalescer } from '../../async/coalescer.ts';
import type { RunContext } from '../../contracts/context.ts';
import type { Mesh, MeshLook, MeshNode, MeshPort, MeshState } from '../../contracts/mesh.ts';
import { checksumOffload } from '../../facts/checksum-offload.ts';
import { surroundings } from '../../facts/environment.ts';
import { ingressRules } from '../../facts/ingress-rules.ts';
import { ingressSandbox } from '../../facts/ingress-sandbox.ts';
import { gather } from '../../remote/gather-facts.ts';
import { messageOf, SwarmupError } from '../../util/errors.ts';
import { contains } from '../../util/ip.ts';
import { listNetworks } from '../networks.ts';
import { listServices, listTasks } from '../read.ts';
import { fetchAcross, type MeshEnd } from './fetch.ts';
import { publishedThrough } from './published.ts';

type Needs = Pick<RunContext, 'cluster' | 'machines' | 'remote' | 'swarm'>;

/** The probe serves on the first free one of these that no service publishes: above the ports that Swarm chooses. */
const SERVED = { first: 45_000, count: 200, some: 4 };

/** What a state needs that is kept between its steps. */
interface Known extends MeshState {
  /** The subnets of the ingress network. */
  readonly subnets: readonly string[];
  readonly unknown: ReadonlyMap<string, string>;
}

export function meshOf(needs: Needs): Mesh {
  const states = new Coalescer<Known>((signal) => stateOf(needs, signal));
  const looks = new Coalescer<MeshLook>(async (signal) => lookOf(needs, await stateOf(needs, signal), signal));
  return { state: (signal) => states.get(signal), look: (signal) => looks.get(signal) };
}

async function stateOf(needs: Needs, signal: AbortSignal): Promise<Known> {
  const manager = await needs.swarm.manager(signal);
  const ingress = (await listNetworks(manager)).find(({ found }) => found.Ingress === true);
  const [services, tasks] = await Promise.all([listServices(manager), listTasks(manager)]);
  const unknown = new Map<string, string>();
  const nodes = await Promise.all(
    needs.cluster.nodes.map(async ({ name }) => {
      try {
        return await nodeOf(needs, name, signal);
      } catch (error) {
        signal.throwIfAborted();
        // Its own steps report why.
        if (!(error instanceof SwarmupError)) throw error;
        unknown.set(name, messageOf(error));
        return undefined;
      }
    }),
  );
  return {
    nodes: nodes.filter((node) => node !== undefined),
    ports: ingress ? publishedThrough(ingress.id, services, tasks) : [],
    subnets: ingress?.found.IPAM?.Config?.flatMap(({ Subnet }) => Subnet ?? []) ?? [],
    unknown,
  };
}

async function nodeOf({ machines, remote }: Needs, node: string, signal: AbortSignal): Promise<MeshNode> {
  const { address } = machines.running(node);
  const host = await remote.host(node, signal);
  const facts = { rules: ingressRules, sandbox: ingressSandbox, offload: checksumOffload(address), surroundings };
  const { surroundings: around, ...own } = await gather(host, facts, signal);
  return { node, ...own, firewalls: around.firewalls };
}

async function lookOf({ remote }: Needs, state: Known, signal: AbortSignal): Promise<MeshLook> {
  const found = await Promise.all(
    state.nodes.map(async (one): Promise<MeshEnd | undefined> => {
      const place = placeOf(one, state.subnets);
      return place && { node: one.node, host: await remote.host(one.node, signal), ...place };
    }),
  );
  const ends = found.filter((end) => end !== undefined);
  const { links, unknown } = await fetchAcross(ends, freePorts(state.ports), signal);
  return { nodes: state.nodes, ports: state.ports, links, unknown: new Map([...state.unknown, ...unknown]) };
}

/** A node's own address in the ingress network: those of services have the prefix length 32. */
function placeOf(
  { sandbox }: MeshNode,
  subnets: readonly string[],
): { readonly address: string; readonly mtu: number } | undefined {
  if (sandbox === undefined || sandbox === 'absent') return undefined;
  const own = sandbox.addresses.find(
    ({ address, prefix }) => prefix < 32 && subnets.some((subnet) => contains(subnet, address)),
  );
  const mtu = own && sandbox.mtus.get(own.interface);
  return own && mtu !== undefined ? { address: own.address, mtu } : undefined;
}

function freePorts(published: readonly MeshPort[]): readonly number[] {
  const taken = new Set(published.map(({ port }) => port));
  const all = Array.from({ length: SERVED.count }, (_, i) => SERVED.first + i);
  return all.filter((port) => !taken.has(port)).slice(0, SERVED.some);
}
