import type { Cluster } from '../../config/model.ts';
import type { ProviderIo } from '../../contracts/provider.ts';
import type { Ec2Api } from './api.ts';
import type { AwsConfig } from './config.ts';
import { isEc2 } from './errors.ts';
import { runInput } from './launch.ts';
import type { Survey } from './survey.ts';
import { resourceName, tagsOf, tagSpecifications } from './tags.ts';

export interface Rights {
  readonly api: Ec2Api;
  readonly cluster: Cluster;
  readonly config: AwsConfig;
  readonly survey: Survey;
  /** The cluster's security group, if it exists. */
  readonly group: string | undefined;
}

/**
 * Asks EC2 in dry runs whether it would accept the planned calls: permissions, parameters, instance profile.
 *
 * @throws SwarmupError CLOUD_DENIED and others, before anything is created
 */
export async function checkRights({ api, cluster, config, survey, group }: Rights, io: ProviderIo): Promise<void> {
  io.report('checking permissions with dry runs');
  const KeyName = resourceName(cluster.name);
  const tags = tagsOf(cluster.name, config.tags);
  const DryRun = true;
  const oneOfEach = [...Map.groupBy(cluster.nodes, (node) => `${node.role} ${survey.choose(node).type}`).values()].map(
    ([node]) => node,
  );
  await Promise.all([
    would(
      api.ImportKeyPair(
        {
          DryRun,
          KeyName,
          PublicKeyMaterial: Buffer.from(ANY_KEY),
          TagSpecifications: tagSpecifications(['key-pair'], tags),
        },
        io.signal,
      ),
    ),
    would(
      api.CreateSecurityGroup(
        {
          DryRun,
          GroupName: KeyName,
          Description: KeyName,
          VpcId: survey.vpc,
          TagSpecifications: tagSpecifications(['security-group'], tags),
        },
        io.signal,
      ),
    ),
    ...oneOfEach.flatMap((node) => {
      if (!node) return [];
      const choice = survey.choose(node);
      const [place] = choice.places;
      if (!place) return [];
      const {
        KeyName: _key,
        ClientToken: _token,
        ...input
      } = runInput({ cluster, config, node, choice, group: group ?? '' }, place, '');
      const interfaces = input.NetworkInterfaces?.map(({ Groups, ...rest }) => (group ? { ...rest, Groups } : rest));
      // Neither the key pair nor the group has to exist yet.
      return [
        would(
          api.RunInstances({ ...input, ...(interfaces ? { NetworkInterfaces: interfaces } : {}), DryRun }, io.signal),
        ),
      ];
    }),
  ]);
}

/** Any key will do: it isn't imported. */
const ANY_KEY = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA swarmup';

/** A dry run never succeeds: "would have succeeded" is an error too, and so is "already exists". */
async function would(asked: Promise<unknown>): Promise<void> {
  try {
    await asked;
  } catch (error) {
    if (!isEc2(error, 'DryRunOperation', 'InvalidKeyPair.Duplicate', 'InvalidGroup.Duplicate')) throw error;
  }
}
