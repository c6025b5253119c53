import type { RouteTable, Subnet } from '@aws-sdk/client-ec2';
import type { Taken } from '../../config/pools.ts';
import { hasCode } from '../../util/errors.ts';
import type { Ec2Api } from './api.ts';

/** A shorter prefix than that of any private network: a default route, or a part of one. */
const SHORTEST_PREFIX = 8;

/**
 * The networks that machines in these subnets reach: the address ranges of their VPC, and what its route tables lead to,
 * such as peered VPCs, transit gateways and VPNs. An IAM policy from before swarmup asked for them may deny it: then only
 * the subnets are known.
 *
 * Sources: Amazon VPC user guide, "VPC CIDR blocks", "Route tables" (a subnet without a table of its own uses the main
 * one).
 */
export async function networksOf(
  api: Ec2Api,
  subnets: readonly Subnet[],
  signal: AbortSignal,
): Promise<readonly Taken[]> {
  const vpc = subnets[0]?.VpcId ?? '';
  const own = subnets.flatMap(({ SubnetId = '', CidrBlock }) =>
    CidrBlock === undefined ? [] : [{ network: CidrBlock, reason: `subnet ${SubnetId} has ${CidrBlock}` }],
  );
  try {
    const [{ Vpcs = [] }, { RouteTables = [] }] = await Promise.all([
      api.DescribeVpcs({ VpcIds: [vpc] }, signal),
      api.DescribeRouteTables({ Filters: [{ Name: 'vpc-id', Values: [vpc] }] }, signal),
    ]);
    const ranges = Vpcs.flatMap(({ CidrBlock, CidrBlockAssociationSet = [] }) => [
      CidrBlock,
      // One that is being added counts as well.
      ...CidrBlockAssociationSet.filter(({ CidrBlockState }) => !isGone(CidrBlockState?.State)).map(
        (one) => one.CidrBlock,
      ),
    ]);
    return [
      ...[...new Set(ranges)].flatMap((network) =>
        network === undefined ? [] : [{ network, reason: `VPC ${vpc} has ${network}` }],
      ),
      ...tablesFor(subnets, RouteTables).flatMap(routesIn),
    ];
  } catch (error) {
    if (hasCode(error, 'CLOUD_DENIED')) return own;
    throw error;
  }
}

function isGone(state: string | undefined): boolean {
  return state === 'disassociated' || state === 'failed' || state === 'failing';
}

/** The tables that decide where packets from these subnets go. */
function tablesFor(subnets: readonly Subnet[], tables: readonly RouteTable[]): readonly RouteTable[] {
  const ids = new Set(subnets.map(({ SubnetId }) => SubnetId));
  const named = tables.flatMap(({ Associations = [] }) => Associations.map(({ SubnetId }) => SubnetId));
  const usesMain = [...ids].some((id) => !named.includes(id));
  return tables.filter(({ Associations = [] }) =>
    Associations.some(({ SubnetId, Main }) => (Main === true ? usesMain : ids.has(SubnetId))),
  );
}

/** The VPC's own ranges, whose gateway is called local, are known already. */
function routesIn({ RouteTableId = '', Routes = [] }: RouteTable): readonly Taken[] {
  return Routes.flatMap((route) => {
    const { DestinationCidrBlock: network, GatewayId } = route;
    if (network === undefined || GatewayId === 'local' || Number(network.split('/')[1]) < SHORTEST_PREFIX) return [];
    const to =
      route.TransitGatewayId ?? route.VpcPeeringConnectionId ?? route.NetworkInterfaceId ?? GatewayId ?? 'elsewhere';
    return [{ network, reason: `route table ${RouteTableId} sends ${network} to ${to}` }];
  });
}
