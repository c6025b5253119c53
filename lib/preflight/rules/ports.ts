import { publishedPorts, publishedUdpPorts } from '../../config/selections.ts';
import type { Listener } from '../../facts/listeners.ts';
import { choosePool, DEFAULT_POOL, noPoolFree } from '../../swarm/address-pool.ts';
import { overlaps } from '../../util/ip.ts';
import { swarmPorts } from '../network.ts';
import { fatal, warning, type Rule } from './rule.ts';

/** The engine's own listeners: those of an existing swarm, and published ports. */
const OWN = ['dockerd', 'docker-proxy', 'swarmup-probe'];

const taken: Rule = (host, { cluster }) => {
  // On a node these ports belong to the engine and the kernel.
  const isNode = host.facts.engine?.swarm.state === 'active';
  const hasEngine = host.facts.engine !== undefined;
  const wanted = [
    ...swarmPorts(cluster)
      .filter(({ managers }) => !isNode && (!managers || host.node.role === 'manager'))
      .map(({ protocol, port, use }) => ({ protocol, port, use })),
    ...publishedPorts(cluster).map((port) => ({ protocol: 'tcp' as const, port, use: 'a published port' })),
    ...publishedUdpPorts(cluster).map((port) => ({ protocol: 'udp' as const, port, use: 'a published port' })),
  ];
  return wanted.flatMap(({ protocol, port, use }) => {
    const other = host.facts.listeners.find(
      (one) =>
        one.protocol === protocol &&
        one.port === port &&
        !OWN.includes(one.program) &&
        !isLoopback(one.address) &&
        !(hasEngine && isKernelsVxlan(one, cluster.swarm.dataPathPort)),
    );
    if (!other) return [];
    const who = other.program === '' ? 'Something' : other.program;
    return [
      fatal(host, 'ports', {
        message: `${who} listens on ${port}/${protocol}, which is needed for ${use}`,
        fix: `Stop it or move it to another port: swarmup ssh ${host.node.name} -- sudo ss -lnp 'sport = :${port}'`,
      }),
    ];
  });
};

/**
 * A socket without a program belongs to the kernel. An engine that left a swarm may keep its VXLAN interface for a
 * while (seen with Docker 20.10), which does no harm: interfaces on the same port share a socket. Source: Linux,
 * drivers/net/vxlan, vxlan_sock_add.
 */
function isKernelsVxlan({ protocol, port, program }: Listener, dataPathPort: number): boolean {
  return protocol === 'udp' && port === dataPathPort && program === '';
}

function isLoopback(address: string): boolean {
  return address.startsWith('127.') || address === '[::1]';
}

/** Networks are allocated from the beginning of the default pool, and a cluster doesn't use more than these. */
const FIRST_NETWORKS = '10.0.0.0/20';

/** Compares a host's routes with the swarm's networks, once their pool is known: from the file, or from the swarm. */
const addressPool: Rule = (host, { cluster, pool }) => {
  const own = cluster.swarm.addressPool;
  const known = own.length > 0 ? own : (pool ?? []);
  const pools = known.map((one) => (own.length === 0 && one === DEFAULT_POOL ? FIRST_NETWORKS : one));
  const found = host.facts.routes.find(
    ({ network, device }) => pools.some((one) => overlaps(one, network)) && !/^(docker|br-)/.test(device),
  );
  if (!found) return [];
  const what = `${own.length > 0 ? 'swarm.addressPool' : "the swarm's address pool"} (${known.join(', ')})`;
  return [
    fatal(host, 'address-pool', {
      message: `it has a route to ${found.network} (${found.device}), and ${what} overlaps it: containers could not reach that network, or each other`,
      fix:
        own.length > 0
          ? 'Leave swarm.addressPool out, so that swarmup chooses a network that no node has a route to. It can be set only before the swarm is created.'
          : `The pool can't be changed later. Remove the route there, or make it narrower: swarmup ssh ${host.node.name} -- sudo ip route show ${found.network}`,
    }),
  ];
};

/** Without a pool in the file, one is chosen when the swarm is created. */
const freePool: Rule = (host, { cluster, hosts, pool }) => {
  if (host !== hosts[0] || cluster.swarm.addressPool.length > 0 || pool !== undefined) return [];
  const all = hosts.map(({ node, address, facts }) => ({ node: node.name, address, ...facts }));
  if (choosePool(all, cluster.swarm.subnetSize)) return [];
  const { message, fix } = noPoolFree(all);
  return [fatal(host, 'address-pool', { message, fix })];
};

const dhcp: Rule = (host) => {
  const own = host.facts.addresses.find(({ address }) => address === host.address);
  if (host.node.role !== 'manager' || !own?.dynamic) return [];
  return [
    warning(host, 'address', {
      message: `its address ${own.address} comes from DHCP, but a manager's address must never change`,
      fix: 'Reserve it at the DHCP server, or configure it statically on the machine.',
    }),
  ];
};

export const portRules: readonly Rule[] = [taken, addressPool, freePool, dhcp];
