import {
  bridgesOf,
  chosenOverlap,
  DEFAULT_POOL,
  FIRST_NETWORKS,
  noPoolBeside,
  poolBeside,
  type Taken,
} from '../../config/pools.ts';
import type { Survey, Surveyed } from '../../contracts/preflight.ts';
import { takenBy } from '../../swarm/address-pool.ts';
import { overlaps } from '../../util/ip.ts';
import { quote } from '../../util/shell-quote.ts';
import { fatal, type Rule } from './rule.ts';

/** What networks of the swarm must not overlap on a host. */
function takenOn({ node, address, facts }: Surveyed): readonly Taken[] {
  return takenBy({ node: node.name, address, ...facts });
}

function takenAnywhere({ hosts, cluster }: Survey): readonly Taken[] {
  return [...hosts.flatMap(takenOn), ...bridgesOf(cluster.docker.daemon)];
}

/** Compares a host's networks with those that the cluster file chooses: the pool, and subnets of networks. */
const chosenNetworks: Rule = (host, survey) => {
  const { cluster, hosts, pool } = survey;
  // The pool of an existing swarm can't be changed any more: see below.
  const kinds = pool === undefined ? (['pool', 'subnets'] as const) : (['subnets'] as const);
  const own = host === hosts[0] ? [...takenOn(host), ...bridgesOf(cluster.docker.daemon)] : takenOn(host);
  const overlap = chosenOverlap(cluster, kinds, own, takenAnywhere(survey));
  if (!overlap) return [];
  const message = overlap.output === undefined ? overlap.message : overlap.output.split('\n').join('; ');
  return [
    fatal(host, 'address-pool', {
      message: `${message}: containers could not reach that network, or each other`,
      fix: overlap.fix,
    }),
  ];
};

/** Compares a host's routes with the pool of the swarm that it is to join. */
const poolOfTheSwarm: Rule = (host, { cluster, pool = [] }) => {
  const isDefault = cluster.swarm.addressPool.length === 0;
  const pools = pool.map((one) => (isDefault && one === DEFAULT_POOL ? FIRST_NETWORKS : one));
  const found = host.facts.routes.find(
    ({ network, device }) => pools.some((one) => overlaps(one, network)) && !/^(docker|br-)/.test(device),
  );
  if (!found) return [];
  const show = quote(['swarmup', 'ssh', host.node.name, '--', 'sudo', 'ip', 'route', 'show', found.network]);
  return [
    fatal(host, 'address-pool', {
      message: `it has a route to ${found.network} (${found.device}), and the swarm's address pool (${pool.join(', ')}) overlaps it: containers could not reach that network, or each other`,
      fix: `The pool can't be changed later. Remove the route there, or make it narrower: ${show}`,
    }),
  ];
};

/** Without a pool in the file, one is chosen when the swarm is created. */
const freePool: Rule = (host, survey) => {
  const { cluster, hosts, pool } = survey;
  if (host !== hosts[0] || cluster.swarm.addressPool.length > 0 || pool !== undefined) return [];
  const taken = takenAnywhere(survey);
  if (poolBeside(taken, cluster.swarm.subnetSize)) return [];
  const { message, fix } = noPoolBeside(hosts.flatMap(takenOn));
  return [fatal(host, 'address-pool', { message, fix })];
};

export const poolRules: readonly Rule[] = [chosenNetworks, poolOfTheSwarm, freePool];
