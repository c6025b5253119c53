import type { Abortable, Hosts, OnNode, RunContext } from '../contracts/context.ts';
import { nearby, type Nearby } from '../facts/nearby.ts';
import { routes, type Route } from '../facts/routes.ts';
import { gather } from '../remote/gather-facts.ts';
import { SwarmupError } from '../util/errors.ts';
import { overlaps } from '../util/ip.ts';
import { blocksOf, networkAround } from '../util/ipv4.ts';

/** The pool of a swarm for which none is named. Source: swarmkit, manager/controlapi/cluster.go. */
export const DEFAULT_POOL = '10.0.0.0/8';

/** The default prefix length of overlay networks. Source: docker-swarm-init(1), --default-addr-pool-mask-length. */
const DEFAULT_SUBNET_SIZE = 24;

/** Docker's own bridges, docker0 and docker_gwbridge, which a host without Docker doesn't have yet. */
const BRIDGES = ['172.17.0.0/16', '172.18.0.0/16'];

/** The private ranges (RFC 1918), in the order in which they are tried. */
const PRIVATE = ['10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16'];

/** Where the search in 10.0.0.0/8 begins: far from the networks that people number first. */
const FIRST_CHOICE = '10.200.0.0';

/** A chosen pool has room for at least this many networks. */
const NETWORKS_BITS = 6;
const POOL_BITS = { least: 8, most: 16 };

/** What overlay networks must not overlap on one node. */
export interface Neighbourhood {
  readonly node: string;
  /** At which the other nodes reach it. */
  readonly address: string;
  readonly routes: readonly Route[];
  readonly nearby: readonly Nearby[];
}

/** The address pool of overlay networks, the ingress network included. */
export interface AddressPool {
  readonly networks: readonly string[];
  /** Why it isn't the engine's default pool; undefined for that one. */
  readonly reason?: string;
}

interface Taken {
  readonly network: string;
  readonly reason: string;
}

function takenBy({ node, address, routes: known, nearby: others }: Neighbourhood): Taken[] {
  const own = address === '' ? [] : [{ network: address, reason: `the address of ${node} is ${address}` }];
  return [
    ...known.map(({ network, device }) => ({
      network,
      reason: `${node} has a route to ${network}${device === '' ? '' : ` (${device})`}`,
    })),
    ...own,
    ...others.map((one) => ({ network: one.address, reason: `a ${one.use} of ${node} is ${one.address}` })),
  ];
}

/**
 * The engine's default pool if nothing overlaps it; otherwise the first private network that nothing overlaps. The same
 * hosts always give the same pool. Pure.
 * @param subnetSize the prefix length of each overlay network
 * @returns undefined if no private network is free
 */
export function choosePool(hosts: readonly Neighbourhood[], subnetSize: number): AddressPool | undefined {
  const taken = hosts.flatMap(takenBy);
  const inTheWay = taken.find(({ network }) => overlaps(network, DEFAULT_POOL));
  if (!inTheWay) return { networks: [DEFAULT_POOL] };
  const occupied = [...new Set([...taken.map(({ network }) => network), ...BRIDGES])];
  const free = candidates(subnetSize).filter((one) => !occupied.some((network) => overlaps(one, network)));
  // A router behind an address usually knows more networks like it: a VPC is at most a /16.
  const around = occupied.map((network) => networkAround(network, 16));
  const network = free.find((one) => !around.some((wide) => overlaps(one, wide))) ?? free[0];
  return network === undefined ? undefined : { networks: [network], reason: inTheWay.reason };
}

/** The networks that are large enough for a pool, the best first. */
function candidates(subnetSize: number): readonly string[] {
  const bits = Math.max(POOL_BITS.least, Math.min(POOL_BITS.most, subnetSize - NETWORKS_BITS));
  return PRIVATE.flatMap((range) => {
    const blocks = blocksOf(range, bits);
    const first = blocks.findIndex((block) => overlaps(block, FIRST_CHOICE));
    // Engines number their bridge networks upwards in the other ranges.
    return first < 0 ? blocks.toReversed() : [...blocks.slice(first), ...blocks.slice(0, first)];
  });
}

/** The error when no private network is free for overlay networks. */
export function noPoolFree(hosts: readonly Neighbourhood[]): SwarmupError {
  return new SwarmupError('PREFLIGHT_FAILED', 'no private network is free for the overlay networks', {
    fix: 'Set swarm.addressPool to networks that no node has a route to, or remove routes that the nodes do not need.',
    output: [...new Set(hosts.flatMap(takenBy).map(({ reason }) => reason))].join('\n'),
  });
}

/** What POST /swarm/init gets for a pool; nothing for the engine's own default. */
export function poolOptions(networks: readonly string[], subnetSize: number): object {
  const isDefault = networks.length === 0 || (networks.length === 1 && networks[0] === DEFAULT_POOL);
  if (isDefault && subnetSize === DEFAULT_SUBNET_SIZE) return {};
  // Without a pool the engine ignores the size.
  return { DefaultAddrPool: isDefault ? [DEFAULT_POOL] : networks, SubnetSize: subnetSize };
}

/**
 * Asks the node, and all machines that existed before the run, for what overlay networks must not overlap. New machines
 * of a provider are in the same networks as the node.
 */
export async function neighbourhoodsOf(
  ctx: Abortable & Hosts & OnNode & Pick<RunContext, 'cluster' | 'machines' | 'world'>,
): Promise<readonly Neighbourhood[]> {
  const { cluster, machines, world, node: own, signal } = ctx;
  const asked = cluster.nodes.filter(({ name }) => name === own.name || world.before.has(name));
  const found = await Promise.all(
    asked.map(async ({ name }): Promise<Neighbourhood | undefined> => {
      try {
        const facts = await gather(await ctx.host(name), { routes, nearby }, signal);
        return { node: name, address: machines.running(name).address, ...facts };
      } catch (error) {
        signal.throwIfAborted();
        // Another node that can't be asked fails in a step of its own.
        if (name === own.name || !(error instanceof SwarmupError)) throw error;
        return undefined;
      }
    }),
  );
  return found.filter((one) => one !== undefined);
}
