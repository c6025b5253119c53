import type { Subnet } from '@aws-sdk/client-ec2';
import { managersOf, workersOf, type Cluster, type NodeSpec } from '../../config/model.ts';
import { SwarmupError } from '../../util/errors.ts';
import type { AwsConfig } from './config.ts';

/** Where a machine can be created. */
export interface Place {
  readonly zone: string;
  readonly subnet: string;
}

/** The instance type of a node: its own, that of its role, or that of all. */
export function typeOf({ instanceType }: Pick<AwsConfig, 'instanceType'>, { name, role }: NodeSpec): string {
  return typeof instanceType === 'string' ? instanceType : (instanceType.nodes[name] ?? instanceType[role]);
}

/**
 * The places for a node, the best first: each role is spread over the zones in turn, so that three managers are placed
 * 1-1-1 and five 2-2-1. The other places follow, in case a zone has no capacity.
 *
 * @param offered the zones that offer the node's instance type
 */
export function placesFor(
  node: NodeSpec,
  cluster: Cluster,
  subnets: readonly Subnet[],
  offered: ReadonlySet<string>,
): readonly Place[] {
  const usable = subnets.filter(({ AvailabilityZone = '' }) => offered.has(AvailabilityZone));
  const byZone = Map.groupBy(usable, ({ AvailabilityZone = '' }) => AvailabilityZone);
  const zones = [...byZone.keys()].toSorted();
  const peers = node.role === 'manager' ? managersOf(cluster) : workersOf(cluster);
  const turn = peers.findIndex((peer) => peer.name === node.name);
  const first = zones.length === 0 ? 0 : turn % zones.length;
  return [...zones.slice(first), ...zones.slice(0, first)].flatMap((zone) =>
    // The subnet with the most free addresses; ties are broken in a stable order.
    (byZone.get(zone) ?? [])
      .toSorted((a, b) => room(b) - room(a) || (a.SubnetId ?? '').localeCompare(b.SubnetId ?? ''))
      .slice(0, 1)
      .map(({ SubnetId = '' }) => ({ zone, subnet: SubnetId })),
  );
}

function room(subnet: Subnet): number {
  return (subnet.AvailableIpAddressCount ?? 0) > 0 ? 1 : 0;
}

/**
 * The subnets from the cluster file, limited to its zones.
 * @throws SwarmupError CLOUD_INVALID when the settings contradict each other
 */
export function usableSubnets(subnets: readonly Subnet[], { zones, subnets: named }: AwsConfig): readonly Subnet[] {
  const vpcs = new Set(subnets.map((subnet) => subnet.VpcId));
  if (subnets.length === 0) {
    throw new SwarmupError('CLOUD_INVALID', 'provider.subnets is not set, and this region has no default VPC', {
      fix: 'Name subnets in provider.subnets, or create a default VPC: aws ec2 create-default-vpc',
    });
  }
  if (vpcs.size > 1) {
    throw new SwarmupError('CLOUD_INVALID', `provider.subnets are in ${vpcs.size} VPCs: ${[...vpcs].join(', ')}`, {
      fix: 'Name subnets of one VPC: the nodes reach each other by their private addresses.',
    });
  }
  const there = new Set(subnets.map((subnet) => subnet.AvailabilityZone ?? ''));
  const missing = zones?.filter((zone) => !there.has(zone)) ?? [];
  if (missing.length > 0) {
    const which = named ? 'provider.subnets has none in' : 'the default VPC has no subnet in';
    throw new SwarmupError('CLOUD_INVALID', `provider.zones: ${which} ${missing.join(', ')}`, {
      fix: `Use some of: ${[...there].toSorted().join(', ')}.`,
    });
  }
  return zones ? subnets.filter((subnet) => zones.includes(subnet.AvailabilityZone ?? '')) : subnets;
}
