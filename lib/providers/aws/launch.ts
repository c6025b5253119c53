import type { RunInstancesCommandInput } from '@aws-sdk/client-ec2';
import type { Clock } from '../../async/clock.ts';
import type { Cluster, NodeSpec } from '../../config/model.ts';
import { hasCode, SwarmupError } from '../../util/errors.ts';
import { waitUntil } from '../../async/wait-until.ts';
import type { ProviderIo } from '../../contracts/provider.ts';
import type { Ec2Api } from './api.ts';
import type { AwsConfig } from './config.ts';
import { isEc2 } from './errors.ts';
import type { Inventory } from './inventory.ts';
import type { Place } from './placement.ts';
import type { Choice } from './survey.ts';
import { clientToken, resourceName, TAG, tagsOf, tagSpecifications } from './tags.ts';
import { userData } from './user-data.ts';

/** How many new tokens to try in a place when earlier tokens belong to terminated machines. */
const MAX_SUCCESSORS = 10;
/** How long a machine that was requested before may take to show up, in milliseconds. */
const APPEAR_MS = 60_000;

export interface Launch {
  readonly cluster: Cluster;
  readonly config: AwsConfig;
  readonly node: NodeSpec;
  readonly choice: Choice;
  /** The ID of the security group. */
  readonly group: string;
}

/** Whether a node's machine is rented on the spot market. */
export function isSpot({ spot }: Pick<AwsConfig, 'spot'>, { role }: NodeSpec): boolean {
  return spot === 'workers' && role === 'worker';
}

/** The request for a node's machine in one place. It has to be identical every time, or EC2 refuses its token. */
export function runInput(
  { cluster, config, node, choice, group }: Launch,
  { subnet }: Place,
  token: string,
): RunInstancesCommandInput {
  const spot = isSpot(config, node);
  const tags = tagsOf(cluster.name, {
    ...config.tags,
    Name: resourceName(cluster.name, node.name),
    [TAG.node]: node.name,
    [TAG.role]: node.role,
    [TAG.image]: choice.image.label,
  });
  const kinds = [
    'instance',
    'volume',
    'network-interface',
    ...(spot ? (['spot-instances-request'] as const) : []),
  ] as const;
  return {
    ClientToken: token,
    MinCount: 1,
    MaxCount: 1,
    ImageId: choice.image.id,
    // eslint-disable-next-line typescript/no-unsafe-type-assertion -- EC2 knows more types than the SDK's list of them
    InstanceType: choice.type as never,
    KeyName: resourceName(cluster.name),
    UserData: Buffer.from(userData(node.name)).toString('base64'),
    MetadataOptions: { HttpEndpoint: 'enabled', HttpTokens: 'required', HttpPutResponseHopLimit: 1 },
    InstanceInitiatedShutdownBehavior: 'stop',
    BlockDeviceMappings: [
      {
        DeviceName: choice.image.rootDevice,
        Ebs: {
          Encrypted: true,
          VolumeType: 'gp3',
          // EC2 counts in GiB.
          VolumeSize: Math.ceil(config.disk / 1024),
          DeleteOnTermination: true,
        },
      },
    ],
    NetworkInterfaces: [
      {
        DeviceIndex: 0,
        SubnetId: subnet,
        Groups: [group],
        AssociatePublicIpAddress: config.bastion === undefined,
        DeleteOnTermination: true,
      },
    ],
    TagSpecifications: tagSpecifications(kinds, tags),
    ...(config.instanceProfile ? { IamInstanceProfile: { Name: config.instanceProfile } } : {}),
    ...(spot
      ? {
          InstanceMarketOptions: {
            MarketType: 'spot' as const,
            SpotOptions: { SpotInstanceType: 'one-time' as const, InstanceInterruptionBehavior: 'terminate' as const },
          },
        }
      : {}),
  };
}

export interface LaunchTools {
  readonly api: Ec2Api;
  readonly inventory: Inventory;
  readonly clock: Clock;
}

/**
 * Requests a node's machine, trying the next zone when one has no capacity. Calling it repeatedly, even after a kill,
 * gives one machine: a request's token is derived from the cluster, the node and the place.
 * @returns the instance's ID, unless an earlier run requested it
 * @throws SwarmupError CLOUD_NO_CAPACITY when no zone has capacity, or EC2's other errors
 */
export async function launch(request: Launch, tools: LaunchTools, io: ProviderIo): Promise<string | undefined> {
  const { node, choice } = request;
  let noRoom: unknown;
  for (const place of choice.places) {
    try {
      io.report(`requesting a ${choice.type} in ${place.zone}`);
      return await launchAt(request, place, tools, io);
    } catch (error) {
      if (
        !isEc2(error, 'InsufficientInstanceCapacity', 'InsufficientHostCapacity', 'InsufficientFreeAddressesInSubnet')
      )
        throw error;
      noRoom ??= error;
      io.warn(`${place.zone} has no capacity for a ${choice.type}, requested for ${node.name}`);
    }
  }
  throw noRoom;
}

async function launchAt(
  request: Launch,
  place: Place,
  { api, inventory, clock }: LaunchTools,
  io: ProviderIo,
): Promise<string | undefined> {
  const { cluster, node } = request;
  const gone = await inventory.gone(node.name, io.signal);
  for (let successor = 0; successor < MAX_SUCCESSORS; successor++) {
    const token = clientToken(cluster.name, node.name, JSON.stringify([place.zone, gone, successor]));
    try {
      const { Instances } = await api.RunInstances(runInput(request, place, token), io.signal);
      inventory.changed();
      return Instances?.[0]?.InstanceId;
    } catch (error) {
      // This token's machine was terminated too long ago for EC2 to show it.
      if (isEc2(error, 'IdempotentInstanceTerminated')) continue;
      if (!isEc2(error, 'IdempotentParameterMismatch')) throw error;
      // An earlier run used this token with other parameters (an older image): its machine is about to appear.
      io.report('a machine was requested before; waiting until it shows up');
      if (await appears(node.name, inventory, clock, io.signal)) return undefined;
    }
  }
  throw new SwarmupError(
    'CLOUD_FAILED',
    `${MAX_SUCCESSORS} machines for ${node.name} were terminated one after another`,
    {
      fix: 'Check in the EC2 console why they were terminated, and run again later.',
    },
  );
}

/** Whether a machine of this name shows up in time. */
async function appears(name: string, inventory: Inventory, clock: Clock, signal: AbortSignal): Promise<boolean> {
  try {
    return await waitUntil({
      until: `the machine requested for ${name} shows up`,
      probe: async () => ((await inventory.list(signal, [name])).length > 0 ? { done: true } : { seen: 'nothing' }),
      deadlineMs: APPEAR_MS,
      intervalMs: 2_000,
      signal,
      clock,
      fix: 'Run again.',
    });
  } catch (error) {
    if (!hasCode(error, 'TIMED_OUT')) throw error;
  }
  return false;
}
