import type { Abortable, Hosts, OnNode, RunContext } from '../contracts/context.ts';
import { nearby, type Nearby } from '../facts/nearby.ts';
import { routes, type Route } from '../facts/routes.ts';
import { gather } from '../remote/gather-facts.ts';
import { bridgesOf, DEFAULT_POOL, FIRST_NETWORKS, type Taken } from '../config/pools.ts';
import { SwarmupError } from '../util/errors.ts';
import { overlaps } from '../util/ip.ts';

/** The default prefix length of overlay networks. Source: docker-swarm-init(1), --default-addr-pool-mask-length. */
const DEFAULT_SUBNET_SIZE = 24;

/** What overlay networks must not overlap on one node. */
export interface Neighbourhood {
  readonly node: string;
  /** At which the other nodes reach it. */
  readonly address: string;
  readonly routes: readonly Route[];
  readonly nearby: readonly Nearby[];
}

/** The networks that a node uses already. */
export function takenBy({ node, address, routes: known, nearby: others }: Neighbourhood): Taken[] {
  const own = address === '' ? [] : [{ network: address, reason: `the address of ${node} is ${address}` }];
  return [
    ...known.map(({ network, device }) => ({
      network,
      reason: `${node} has a route to ${network}${device === '' ? '' : ` (${device})`}`,
      // Networks of containers outside the swarm: no service has to reach them.
      ...(device.startsWith('br-') ? { harmless: true as const } : {}),
    })),
    ...own,
    ...others.map((one) => ({ network: one.address, reason: `a ${one.use} of ${node} is ${one.address}` })),
  ];
}

/** What POST /swarm/init gets for a pool; nothing for the engine's own default. */
export function poolOptions(networks: readonly string[], subnetSize: number): object {
  const isDefault = networks.length === 0 || (networks.length === 1 && networks[0] === DEFAULT_POOL);
  if (isDefault && subnetSize === DEFAULT_SUBNET_SIZE) return {};
  // Without a pool the engine ignores the size.
  return { DefaultAddrPool: isDefault ? [DEFAULT_POOL] : networks, SubnetSize: subnetSize };
}

type Asking = Abortable & Hosts & Pick<RunContext, 'cluster' | 'machines'>;

/**
 * Asks nodes for what overlay networks must not overlap.
 *
 * @param must a node that has to answer; another one that can't be asked fails in a step of its own
 */
async function neighbourhoodsOf(
  ctx: Asking,
  names: readonly string[],
  must?: string,
): Promise<readonly Neighbourhood[]> {
  const { machines, signal } = ctx;
  const found = await Promise.all(
    names.map(async (name): Promise<Neighbourhood | undefined> => {
      try {
        const { address } = machines.running(name);
        return { node: name, address, ...(await gather(await ctx.host(name), { routes, nearby }, signal)) };
      } catch (error) {
        signal.throwIfAborted();
        if (name === must || !(error instanceof SwarmupError)) throw error;
        return undefined;
      }
    }),
  );
  return found.filter((one) => one !== undefined);
}

/**
 * All networks that those of a new swarm must not overlap: what the node and all machines that existed before the run have
 * addresses in and routes to, what their provider knows of, and Docker's own bridges. New machines of a provider are in
 * the same networks as the node.
 */
export async function takenNetworks(
  ctx: Asking & OnNode & Pick<RunContext, 'provider' | 'world'>,
): Promise<readonly Taken[]> {
  const { cluster, world, node: own } = ctx;
  const asked = cluster.nodes.map(({ name }) => name).filter((name) => name === own.name || world.before.has(name));
  return [...(await usedBy(ctx, asked, own.name)), ...bridgesOf(cluster.docker.daemon)];
}

/** The networks that nodes use, and those that their provider knows of. */
export async function usedBy(
  ctx: Asking & Pick<RunContext, 'provider'>,
  names: readonly string[],
  must?: string,
): Promise<readonly Taken[]> {
  const [nodes, beside] = await Promise.all([
    neighbourhoodsOf(ctx, names, must),
    ctx.provider.networks?.(ctx.signal) ?? [],
  ]);
  return [...nodes.flatMap(takenBy), ...beside];
}

/**
 * Subnets of the cluster file that the engine's default pool may give to other networks first: the swarm then needs
 * another pool.
 */
export function subnetsInTheWay({ networks }: Pick<RunContext['cluster'], 'networks'>): readonly Taken[] {
  return networks
    .filter(({ ingress }) => !ingress)
    .flatMap(({ name, subnets }) =>
      subnets.map(({ subnet }) => ({ network: subnet, reason: `network ${name} has ${subnet}` })),
    )
    .filter(({ network }) => overlaps(network, FIRST_NETWORKS));
}
