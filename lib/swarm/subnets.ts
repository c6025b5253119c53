import { bridgesOf, chosenOverlap, type Taken } from '../config/pools.ts';
import type { NetworkSpec } from '../config/model.ts';
import type { Engine } from '../contracts/engine.ts';
import { messageOf, SwarmupError } from '../util/errors.ts';
import { overlaps } from '../util/ip.ts';
import { usedBy } from './address-pool.ts';
import type { SwarmNetwork } from './networks.ts';

type Needs = Parameters<typeof usedBy>[0];

/**
 * Checks that the subnets of a network to be created are free: the managers accept one that another overlay network has,
 * and then never make it; one that a node has a route to hides that network. Source: swarmkit, manager/allocator/network.go.
 *
 * @param others the networks of the swarm
 * @throws SwarmupError POOL_TAKEN
 */
export async function requireFreeSubnets(
  ctx: Needs,
  wanted: NetworkSpec,
  others: readonly SwarmNetwork[],
): Promise<void> {
  if (wanted.external || wanted.subnets.length === 0) return;
  const { cluster } = ctx;
  const names = cluster.nodes.map(({ name }) => name);
  const taken = [...others.flatMap(ofSwarm), ...(await usedBy(ctx, names)), ...bridgesOf(cluster.docker.daemon)];
  const overlap = chosenOverlap({ ...cluster, networks: [wanted] }, ['subnets'], taken);
  if (overlap) throw overlap;
}

function ofSwarm({ name, found }: SwarmNetwork): readonly Taken[] {
  return (found.IPAM?.Config ?? []).flatMap(({ Subnet }) =>
    Subnet === undefined ? [] : [{ network: Subnet, reason: `network ${name} of the swarm has ${Subnet}` }],
  );
}

/** Source: moby, daemon/libnetwork/ipamapi, ErrPoolOverlap. */
const POOL_OVERLAPS = /pool overlaps with other one/i;

/** Source: the response to GET /networks. */
interface LocalNetwork {
  readonly Name: string;
  readonly IPAM?:
    { readonly Config?: readonly { readonly Subnet?: string | undefined }[] | null | undefined } | undefined;
}

/**
 * Creates a network; when the engine refuses its subnet, the error names the networks of that node that overlap it.
 *
 * @throws SwarmupError POOL_TAKEN
 */
export async function namingOverlap<T>(
  manager: Engine,
  { name, subnets }: Pick<NetworkSpec, 'name' | 'subnets'>,
  change: () => Promise<T>,
): Promise<T> {
  try {
    return await change();
  } catch (error) {
    if (!POOL_OVERLAPS.test(messageOf(error))) throw error;
    const all = await manager.call('list the networks', (docker): Promise<readonly LocalNetwork[]> =>
      docker.listNetworks(),
    );
    const found = all.flatMap(({ Name, IPAM }) =>
      (IPAM?.Config ?? []).flatMap(({ Subnet = '' }) =>
        subnets.some(({ subnet }) => overlaps(subnet, Subnet)) ? [`${Name} (${Subnet})`] : [],
      ),
    );
    const which = found.length > 0 ? `: ${found.join(', ')}` : '';
    const own = subnets.map(({ subnet }) => subnet).join(', ');
    throw new SwarmupError(
      'POOL_TAKEN',
      `network ${name} can't have ${own}: it overlaps other networks of ${manager.node}${which}`,
      {
        fix: `Choose another subnet, or remove the other network if nothing uses it: swarmup ssh ${manager.node} -- sudo docker network ls`,
        cause: error,
      },
    );
  }
}
