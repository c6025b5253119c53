import type { InstanceTypeInfo, InstanceTypeOffering, Subnet } from '@aws-sdk/client-ec2';
import type { Cluster, NodeSpec } from '../../config/model.ts';
import { SwarmupError } from '../../util/errors.ts';
import type { Ec2Api } from './api.ts';
import type { AwsConfig } from './config.ts';
import { findImage, type BootImage } from './image.ts';
import { placesFor, typeOf, usableSubnets, type Place } from './placement.ts';
import type { Architecture } from './types.ts';

/** EC2's options for a machine: where it can be created, and which image it boots. */
export interface Choice {
  readonly type: string;
  readonly image: BootImage;
  /** The best first; never empty. */
  readonly places: readonly Place[];
}

/** What the region offers the cluster. Queried once per run, and only when machines have to be created. */
export interface Survey {
  readonly vpc: string;
  readonly subnets: readonly Subnet[];
  /** @throws SwarmupError CLOUD_INVALID when none of the zones offers a node's instance type */
  choose(node: NodeSpec): Choice;
  /** The virtual processors of an instance type. */
  processors(type: string): number;
}

/**
 * Looks up subnets, instance types, the zones that offer them, and images.
 *
 * @throws SwarmupError CLOUD_INVALID that names the key of the cluster file
 */
export async function survey(api: Ec2Api, cluster: Cluster, config: AwsConfig, signal: AbortSignal): Promise<Survey> {
  const types = [...new Set(cluster.nodes.map((node) => typeOf(config, node)))];
  const [subnets, infos, offered] = await Promise.all([
    findSubnets(api, config, signal),
    typeInfos(api, types, signal),
    offerings(api, types, signal),
  ]);
  const architectures = new Set([...infos.values()].map(architectureOf));
  const images = new Map(
    await Promise.all([...architectures].map(async (one) => [one, await findImage(api, config, one, signal)] as const)),
  );
  return {
    vpc: subnets[0]?.VpcId ?? '',
    subnets,
    processors: (type) => infos.get(type)?.VCpuInfo?.DefaultVCpus ?? 1,
    choose: (node) => {
      const type = typeOf(config, node);
      const zones = offered.get(type) ?? new Set();
      const places = placesFor(node, cluster, subnets, zones);
      const info = infos.get(type);
      const image = info && images.get(architectureOf(info));
      if (image && places.length > 0) return { type, image, places };
      throw new SwarmupError(
        'CLOUD_INVALID',
        `provider.instanceType: ${type}, for ${node.name}, is offered in none of the zones ${zonesOf(subnets)}`,
        {
          fix:
            zones.size > 0
              ? `It is offered in ${[...zones].toSorted().join(', ')}: name those in provider.zones or provider.subnets, or choose another type.`
              : 'This region does not offer it: choose another type or region.',
        },
      );
    },
  };
}

/** The subnets that machines may be in. @throws SwarmupError CLOUD_INVALID */
export async function findSubnets(api: Ec2Api, config: AwsConfig, signal: AbortSignal): Promise<readonly Subnet[]> {
  const { Subnets = [] } = await api.DescribeSubnets(
    config.subnets
      ? { SubnetIds: config.subnets }
      : { Filters: [{ Name: 'default-for-az', Values: ['true'] }], MaxResults: 100 },
    signal,
  );
  return usableSubnets(Subnets, config);
}

async function typeInfos(
  api: Ec2Api,
  types: readonly string[],
  signal: AbortSignal,
): Promise<Map<string, InstanceTypeInfo>> {
  // eslint-disable-next-line typescript/no-unsafe-type-assertion -- EC2 knows more types than any list of them
  const InstanceTypes = types as never[];
  const { InstanceTypes: infos = [] } = await api.DescribeInstanceTypes({ InstanceTypes }, signal);
  return new Map(infos.map((info) => [info.InstanceType ?? '', info]));
}

async function offerings(
  api: Ec2Api,
  types: readonly string[],
  signal: AbortSignal,
): Promise<Map<string, ReadonlySet<string>>> {
  const { InstanceTypeOfferings = [] } = await api.DescribeInstanceTypeOfferings(
    { LocationType: 'availability-zone', Filters: [{ Name: 'instance-type', Values: [...types] }], MaxResults: 1000 },
    signal,
  );
  const byType: Map<string, InstanceTypeOffering[]> = Map.groupBy(
    InstanceTypeOfferings,
    ({ InstanceType = '' }) => InstanceType,
  );
  return new Map([...byType].map(([type, list]) => [type, new Set(list.map(({ Location = '' }) => Location))]));
}

function architectureOf(info: InstanceTypeInfo): Architecture {
  return info.ProcessorInfo?.SupportedArchitectures?.includes('arm64') ? 'arm64' : 'x86_64';
}

function zonesOf(subnets: readonly Subnet[]): string {
  return [...new Set(subnets.map((subnet) => subnet.AvailabilityZone ?? ''))].toSorted().join(', ');
}
