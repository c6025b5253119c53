import {
  AssociateVpcCidrBlockCommand,
  CreateRouteCommand,
  CreateSubnetCommand,
  CreateVpcCommand,
  CreateVpcPeeringConnectionCommand,
  DescribeRouteTablesCommand,
  EC2Client,
} from '@aws-sdk/client-ec2';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Cluster } from '../../lib/config/model.ts';
import { hasCode } from '../../lib/util/errors.ts';
import { clusterOf } from '../support/cluster.ts';
import { bringUp, Cloud, CREDENTIALS, quiet } from './cloud.ts';
import { REGION } from './front.ts';

Object.assign(process.env, CREDENTIALS);
let cloud: Cloud;
/** Another user of the same account. */
let other: EC2Client;
let subnet = '';
let vpc = '';
let peering = '';

/** A VPC of 10.0.0.0/16 and 10.77.0.0/16, with a route to another one. */
beforeAll(async () => {
  cloud = await Cloud.open();
  const credentials = { accessKeyId: 'AKIAOTHER', secretAccessKey: 'x' };
  other = new EC2Client({ region: REGION, endpoint: cloud.url, credentials });
});
beforeEach(async () => {
  await cloud.reset();
  const made = async (CidrBlock: string) => (await other.send(new CreateVpcCommand({ CidrBlock }))).Vpc?.VpcId ?? '';
  [vpc, peering] = [await made('10.0.0.0/16'), await made('172.20.0.0/16')];
  await other.send(new AssociateVpcCidrBlockCommand({ VpcId: vpc, CidrBlock: '10.77.0.0/16' }));
  const { Subnet } = await other.send(
    new CreateSubnetCommand({ VpcId: vpc, CidrBlock: '10.0.0.0/24', AvailabilityZone: `${REGION}a` }),
  );
  subnet = Subnet?.SubnetId ?? '';
});
afterAll(async () => {
  other.destroy();
  await cloud.close();
});

/** Adds a route to the main table of the VPC. */
const route = async (DestinationCidrBlock: string) => {
  const { VpcPeeringConnection: connection } = await other.send(
    new CreateVpcPeeringConnectionCommand({ VpcId: vpc, PeerVpcId: peering }),
  );
  const { RouteTables } = await other.send(
    new DescribeRouteTablesCommand({ Filters: [{ Name: 'vpc-id', Values: [vpc] }] }),
  );
  const VpcPeeringConnectionId = connection?.VpcPeeringConnectionId ?? '';
  const RouteTableId = RouteTables?.[0]?.RouteTableId ?? '';
  await other.send(new CreateRouteCommand({ RouteTableId, DestinationCidrBlock, VpcPeeringConnectionId }));
  return { table: RouteTableId, connection: VpcPeeringConnectionId };
};

const cluster = (extra = ''): Promise<Cluster> =>
  clusterOf(`name: pools
provider: ${cloud.section(`subnets: [${subnet}]`)}
nodes: { managers: 1, workers: 0 }
services: {}
${extra}`);

const planned = async (extra: string) => {
  const file = await cluster(extra);
  const provider = await cloud.provider(file);
  return provider.shared?.plan(quiet()).then(
    () => undefined,
    (error: unknown) => error,
  );
};

describe('the networks of a VPC', () => {
  it('are all its ranges and what its route tables lead to, without default routes', async () => {
    await route('0.0.0.0/0');
    const { table, connection } = await route('192.168.0.0/16');
    const provider = await cloud.provider(await cluster());
    expect(await provider.networks?.(new AbortController().signal)).toEqual([
      { network: '10.0.0.0/16', reason: `VPC ${vpc} has 10.0.0.0/16` },
      { network: '10.77.0.0/16', reason: `VPC ${vpc} has 10.77.0.0/16` },
      { network: '192.168.0.0/16', reason: `route table ${table} sends 192.168.0.0/16 to ${connection}` },
    ]);
  });

  it.each([
    ['inside the pool', '10.0.0.0/8', 'VPC VPC has 10.0.0.0/16; VPC VPC has 10.77.0.0/16'],
    ['around it', '10.77.128.0/20', 'VPC VPC has 10.77.0.0/16'],
    ["at the place of Docker's own bridges", '172.16.0.0/14', "Docker's own bridges, docker0 and docker_gwbridge, use"],
  ])('are compared with swarm.addressPool before anything is created: %s', async (_what, pool, reason) => {
    const error = await planned(`swarm: { addressPool: ['${pool}'] }`);
    expect(hasCode(error, 'POOL_TAKEN') ? error : undefined).toMatchObject({
      message: expect.stringContaining(
        `swarm.addressPool ${pool} (swarmup.yaml:5:24) overlaps another network: ${reason.replaceAll('VPC VPC', `VPC ${vpc}`)}`,
      ),
      fix: 'Leave swarm.addressPool out, so that swarmup chooses one, or name a free one: addressPool: [10.200.0.0/16]',
    });
    expect(cloud.front.account.instances.size).toBe(0);
    expect(await planned("swarm: { addressPool: ['10.200.0.0/16'] }")).toBeUndefined();
  });

  it('are compared with the subnets of networks, and with routes to other networks', async () => {
    const { table, connection } = await route('10.128.0.0/9');
    expect(await planned('networks: { back: { subnet: 10.200.5.0/24 } }')).toMatchObject({
      code: 'POOL_TAKEN',
      message: `the subnet 10.200.5.0/24 of network back (swarmup.yaml:5:19) overlaps another network: route table ${table} sends 10.128.0.0/9 to ${connection}`,
      fix: expect.stringMatching(/name a free one: subnet: 10\.1\.255\.0\/24$/),
    });
  });

  it('may be every private one', async () => {
    for (const one of ['10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16']) await route(one);
    expect(await planned('')).toMatchObject({
      message: 'no private network is free for the overlay networks',
      output: expect.stringContaining('sends 10.0.0.0/8 to pcx-'),
    });
  });

  it('are those of the subnets for a policy that does not grant more', async () => {
    cloud.front.fault = ({ action }) =>
      action === 'DescribeRouteTables' ? { refuse: 'UnauthorizedOperation' } : undefined;
    const provider = await cloud.provider(await cluster());
    expect(await provider.networks?.(new AbortController().signal)).toEqual([
      { network: '10.0.0.0/24', reason: `subnet ${subnet} has 10.0.0.0/24` },
    ]);
    expect(await planned("swarm: { addressPool: ['10.0.0.0/16'] }")).toMatchObject({ code: 'POOL_TAKEN' });
  });

  it('are of no interest once there is a machine: the pool can no longer be chosen', async () => {
    const file = await cluster();
    await bringUp(await cloud.provider(file), file, quiet());
    const changed = { ...file, swarm: { ...file.swarm, addressPool: ['10.0.0.0/16'] } };
    expect(await (await cloud.provider(changed)).shared?.plan(quiet())).toEqual([]);
  });
});
