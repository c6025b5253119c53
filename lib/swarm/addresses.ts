import type { Cluster } from '../config/model.ts';
import type { RunContext } from '../contracts/context.ts';
import { beforePort } from '../util/ip.ts';

/** Where nodes listen for the swarm's control traffic. Source: `docker swarm init --listen-addr`. */
export function listenAddress({ swarm }: Pick<Cluster, 'swarm'>): string {
  const { address, port } = swarm.listen;
  return `${beforePort(address)}:${port}`;
}

/**
 * A node's addresses in the requests that make it part of a swarm. The one that it advertises is always given, and always
 * an IPv4 literal, as the engine rejects host names. Source: POST /swarm/init and /swarm/join.
 */
export function ownAddresses(
  ctx: Pick<RunContext, 'cluster' | 'machines'>,
  node: string,
): { readonly ListenAddr: string; readonly AdvertiseAddr: string; readonly DataPathAddr?: string } {
  const { nodes, swarm } = ctx.cluster;
  const dataPath = nodes.find(({ name }) => name === node)?.dataPathAddress ?? swarm.dataPathAddress;
  return {
    ListenAddr: listenAddress(ctx.cluster),
    AdvertiseAddr: ctx.machines.running(node).address,
    ...(dataPath === undefined ? {} : { DataPathAddr: dataPath }),
  };
}
