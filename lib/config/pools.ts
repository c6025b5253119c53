import { overlaps } from '../util/ip.ts';
import { blocksOf, networkAround } from '../util/ipv4.ts';
import { SwarmupError } from '../util/errors.ts';
import type { Cluster } from './model.ts';

/** The address pool of a swarm for which none is named. Source: swarmkit, manager/controlapi/cluster.go. */
export const DEFAULT_POOL = '10.0.0.0/8';

/**
 * The part of the default pool that is used first: networks are allocated from its beginning, the ingress network before
 * all others, and a cluster doesn't use more than these.
 */
export const FIRST_NETWORKS = '10.0.0.0/20';

/** The private ranges (RFC 1918), in the order in which they are tried. */
const PRIVATE = ['10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16'];

/** Where the search in 10.0.0.0/8 begins: far from the networks that people number first. */
const FIRST_CHOICE = '10.200.0.0';

/** A chosen pool has room for at least this many networks. */
const NETWORKS_BITS = 6;
const POOL_BITS = { least: 8, most: 16 };

/** The bridges of an engine with default settings: docker0, and docker_gwbridge, which it makes in a swarm. */
const BRIDGES = ['172.17.0.0/16', '172.18.0.0/16'];

/** A network that overlay networks must not overlap, and why. */
export interface Taken {
  readonly network: string;
  readonly reason: string;
  /** It is avoided when a network is chosen, and does no harm to one that the cluster file names. */
  readonly harmless?: true;
}

/** The address pool of overlay networks, the ingress network included. */
export interface AddressPool {
  readonly networks: readonly string[];
  /** Why it isn't the engine's default pool; undefined for that one. */
  readonly reason?: string;
}

/**
 * The networks from which an engine with these settings takes its own bridges, which a host without Docker doesn't have
 * yet. Sources: dockerd(8), --bip, --default-address-pool; moby, daemon/libnetwork/ipamutils.
 */
export function bridgesOf(daemon: Cluster['docker']['daemon']): readonly Taken[] {
  const { bip, 'default-address-pools': pools } = daemon;
  const bases = Array.isArray(pools) ? pools.flatMap((one: unknown) => baseOf(one) ?? []) : [];
  const named = [
    ...bases.map((network) => ({ network, reason: `docker.daemon.default-address-pools has ${network}` })),
    ...(typeof bip === 'string' ? [{ network: bip, reason: `docker.daemon.bip is ${bip}` }] : []),
  ];
  if (bases.length > 0) return named;
  return [
    ...named,
    ...BRIDGES.map((network) => ({
      network,
      reason: `Docker's own bridges, docker0 and docker_gwbridge, use ${network}`,
    })),
  ];
}

function baseOf(pool: unknown): string | undefined {
  if (typeof pool !== 'object' || pool === null || !('base' in pool)) return undefined;
  return typeof pool.base === 'string' ? pool.base : undefined;
}

/**
 * The engine's default pool if nothing overlaps it; otherwise the first private network that nothing overlaps. The same
 * networks always give the same pool. Pure.
 *
 * @param subnetSize the prefix length of each overlay network
 * @returns undefined if no private network is free
 */
export function poolBeside(taken: readonly Taken[], subnetSize: number): AddressPool | undefined {
  const inTheWay = taken.find(({ network }) => overlaps(network, DEFAULT_POOL));
  if (!inTheWay) return { networks: [DEFAULT_POOL] };
  const occupied = [...new Set(taken.map(({ network }) => network))];
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
export function noPoolBeside(taken: readonly Taken[]): SwarmupError {
  return new SwarmupError('PREFLIGHT_FAILED', 'no private network is free for the overlay networks', {
    fix: 'Set swarm.addressPool to networks that no node has a route to, or remove routes that the nodes do not need.',
    output: [...new Set(taken.map(({ reason }) => reason))].join('\n'),
  });
}

/** The networks of the cluster file's own choice: its pool, and the subnets of overlay networks that swarmup makes. */
interface Chosen {
  readonly what: string;
  readonly network: string;
  readonly path: readonly PropertyKey[];
}

function chosenPools({ swarm }: Pick<Cluster, 'swarm'>): readonly Chosen[] {
  return swarm.addressPool.map((network, i) => ({
    what: `swarm.addressPool ${network}`,
    network,
    path: ['swarm', 'addressPool', i],
  }));
}

function chosenSubnets({ networks }: Pick<Cluster, 'networks'>): readonly Chosen[] {
  return networks
    .filter(({ external, driver }) => !external && driver === 'overlay')
    .flatMap(({ name, subnets }) =>
      subnets.map(({ subnet }) => ({
        what: `the subnet ${subnet} of network ${name}`,
        network: subnet,
        path: ['networks', name],
      })),
    );
}

type Part = Pick<Cluster, 'swarm' | 'networks' | 'placeOf'>;

/**
 * The error when what the cluster file chooses for overlay networks overlaps other networks: the pool, or a subnet. One
 * error for all of them. Pure.
 *
 * @param kinds the pool can be chosen only before the swarm is created
 * @param all everything that a free network must not overlap
 */
export function chosenOverlap(
  cluster: Part,
  kinds: readonly ('pool' | 'subnets')[],
  taken: readonly Taken[],
  all = taken,
): SwarmupError | undefined {
  const chosen = [
    ...(kinds.includes('pool') ? chosenPools(cluster) : []),
    ...(kinds.includes('subnets') ? chosenSubnets(cluster) : []),
  ];
  const wrong = chosen.flatMap(({ what, network, path }) => {
    const others = taken.filter((one) => one.harmless !== true && overlaps(one.network, network));
    const reasons = new Set(others.map(({ reason }) => reason));
    const place = cluster.placeOf?.(path);
    const at = place === undefined ? '' : ` (${place})`;
    return reasons.size > 0
      ? [{ path, text: `${what}${at} overlaps another network: ${[...reasons].join('; ')}` }]
      : [];
  });
  const [first] = wrong;
  if (!first) return undefined;
  const fix = fixOf(first.path[0] === 'swarm', cluster, all);
  if (wrong.length === 1) return new SwarmupError('POOL_TAKEN', first.text, { fix });
  return new SwarmupError('POOL_TAKEN', `${wrong.length} networks of the cluster file overlap others`, {
    fix,
    output: wrong.map(({ text }) => text).join('\n'),
  });
}

function fixOf(isPool: boolean, { swarm }: Part, taken: readonly Taken[]): string {
  const [free] = poolBeside(taken, swarm.subnetSize)?.networks ?? [];
  if (free === undefined) return 'Every private network is taken: remove routes that the nodes do not need.';
  if (isPool)
    return `Leave swarm.addressPool out, so that swarmup chooses one, or name a free one: addressPool: [${free}]`;
  // The last one: Swarm takes subnets from the beginning of its pool.
  const [, bits = ''] = free.split('/');
  const last = Number(bits) <= 24 ? blocksOf(free, 24).at(-1) : free;
  return `Leave the subnet out, so that Swarm takes one from its pool, or name a free one: subnet: ${last}`;
}
