import type {
  AuthorizeSecurityGroupIngressCommandInput,
  AuthorizeSecurityGroupIngressCommandOutput,
  CreateSecurityGroupCommandInput,
  CreateSecurityGroupCommandOutput,
  CreateTagsCommandInput,
  CreateTagsCommandOutput,
  DeleteKeyPairCommandInput,
  DeleteKeyPairCommandOutput,
  DeleteSecurityGroupCommandInput,
  DeleteSecurityGroupCommandOutput,
  DescribeImagesCommandInput,
  DescribeImagesCommandOutput,
  DescribeInstancesCommandInput,
  DescribeInstancesCommandOutput,
  DescribeInstanceTypeOfferingsCommandInput,
  DescribeInstanceTypeOfferingsCommandOutput,
  DescribeInstanceTypesCommandInput,
  DescribeInstanceTypesCommandOutput,
  DescribeKeyPairsCommandInput,
  DescribeKeyPairsCommandOutput,
  DescribeNetworkInterfacesCommandInput,
  DescribeNetworkInterfacesCommandOutput,
  DescribeRouteTablesCommandInput,
  DescribeRouteTablesCommandOutput,
  DescribeSecurityGroupsCommandInput,
  DescribeSecurityGroupsCommandOutput,
  DescribeSubnetsCommandInput,
  DescribeSubnetsCommandOutput,
  DescribeVolumesCommandInput,
  DescribeVolumesCommandOutput,
  DescribeVpcsCommandInput,
  DescribeVpcsCommandOutput,
  GetConsoleOutputCommandInput,
  GetConsoleOutputCommandOutput,
  ImportKeyPairCommandInput,
  ImportKeyPairCommandOutput,
  RevokeSecurityGroupIngressCommandInput,
  RevokeSecurityGroupIngressCommandOutput,
  RunInstancesCommandInput,
  RunInstancesCommandOutput,
  StartInstancesCommandInput,
  StartInstancesCommandOutput,
  StopInstancesCommandInput,
  StopInstancesCommandOutput,
  TerminateInstancesCommandInput,
  TerminateInstancesCommandOutput,
} from '@aws-sdk/client-ec2';
import type { AwsConfig } from './config.ts';
import { explain } from './errors.ts';

/** One call. Every error is a SwarmupError whose cause is the SDK's error. */
type Ask<Input, Output> = (input: Input, signal: AbortSignal) => Promise<Output>;

/** The part of EC2 that the provider uses: nothing that the IAM policy doesn't grant. */
export interface Ec2Api {
  AuthorizeSecurityGroupIngress: Ask<
    AuthorizeSecurityGroupIngressCommandInput,
    AuthorizeSecurityGroupIngressCommandOutput
  >;
  CreateSecurityGroup: Ask<CreateSecurityGroupCommandInput, CreateSecurityGroupCommandOutput>;
  CreateTags: Ask<CreateTagsCommandInput, CreateTagsCommandOutput>;
  DeleteKeyPair: Ask<DeleteKeyPairCommandInput, DeleteKeyPairCommandOutput>;
  DeleteSecurityGroup: Ask<DeleteSecurityGroupCommandInput, DeleteSecurityGroupCommandOutput>;
  DescribeImages: Ask<DescribeImagesCommandInput, DescribeImagesCommandOutput>;
  DescribeInstanceTypeOfferings: Ask<
    DescribeInstanceTypeOfferingsCommandInput,
    DescribeInstanceTypeOfferingsCommandOutput
  >;
  DescribeInstanceTypes: Ask<DescribeInstanceTypesCommandInput, DescribeInstanceTypesCommandOutput>;
  DescribeInstances: Ask<DescribeInstancesCommandInput, DescribeInstancesCommandOutput>;
  DescribeKeyPairs: Ask<DescribeKeyPairsCommandInput, DescribeKeyPairsCommandOutput>;
  DescribeNetworkInterfaces: Ask<DescribeNetworkInterfacesCommandInput, DescribeNetworkInterfacesCommandOutput>;
  DescribeRouteTables: Ask<DescribeRouteTablesCommandInput, DescribeRouteTablesCommandOutput>;
  DescribeSecurityGroups: Ask<DescribeSecurityGroupsCommandInput, DescribeSecurityGroupsCommandOutput>;
  DescribeSubnets: Ask<DescribeSubnetsCommandInput, DescribeSubnetsCommandOutput>;
  DescribeVolumes: Ask<DescribeVolumesCommandInput, DescribeVolumesCommandOutput>;
  DescribeVpcs: Ask<DescribeVpcsCommandInput, DescribeVpcsCommandOutput>;
  GetConsoleOutput: Ask<GetConsoleOutputCommandInput, GetConsoleOutputCommandOutput>;
  ImportKeyPair: Ask<ImportKeyPairCommandInput, ImportKeyPairCommandOutput>;
  RevokeSecurityGroupIngress: Ask<RevokeSecurityGroupIngressCommandInput, RevokeSecurityGroupIngressCommandOutput>;
  RunInstances: Ask<RunInstancesCommandInput, RunInstancesCommandOutput>;
  StartInstances: Ask<StartInstancesCommandInput, StartInstancesCommandOutput>;
  StopInstances: Ask<StopInstancesCommandInput, StopInstancesCommandOutput>;
  TerminateInstances: Ask<TerminateInstancesCommandInput, TerminateInstancesCommandOutput>;
}

export type ApiCall = keyof Ec2Api;

/**
 * Every call, and the resources it is granted on. The IAM policy in the docs is generated from this table (policy.ts),
 * and a test compares it with the calls that the emulator received. read: EC2 allows no narrower grant than "all".
 * make: for resources that get swarmup's tag. change: only on resources with that tag. tag: both.
 */
export const API_CALLS: Readonly<Record<ApiCall, 'read' | 'make' | 'tag' | 'change'>> = {
  AuthorizeSecurityGroupIngress: 'change',
  CreateSecurityGroup: 'make',
  CreateTags: 'tag',
  DeleteKeyPair: 'change',
  DeleteSecurityGroup: 'change',
  DescribeImages: 'read',
  DescribeInstanceTypeOfferings: 'read',
  DescribeInstanceTypes: 'read',
  DescribeInstances: 'read',
  DescribeKeyPairs: 'read',
  DescribeNetworkInterfaces: 'read',
  DescribeRouteTables: 'read',
  DescribeSecurityGroups: 'read',
  DescribeSubnets: 'read',
  DescribeVolumes: 'read',
  DescribeVpcs: 'read',
  GetConsoleOutput: 'change',
  ImportKeyPair: 'make',
  RevokeSecurityGroupIngress: 'change',
  RunInstances: 'make',
  StartInstances: 'change',
  StopInstances: 'change',
  TerminateInstances: 'change',
};

/** Throttled calls are retried at growing intervals, and later calls are queued from then on. */
const MAX_ATTEMPTS = 10;
/**
 * EC2 returns these as server errors (HTTP 500), which the SDK would retry for a minute; trying another zone is better.
 */
const NOT_AGAIN = ['InsufficientInstanceCapacity', 'InsufficientHostCapacity'];

/** Region, credentials and endpoint of an SDK client; the SDK finds what the cluster file leaves out. */
export function clientOptions({ region, profile, endpoint }: AwsConfig) {
  return {
    ...(region === undefined ? {} : { region }),
    ...(profile === undefined ? {} : { profile }),
    ...(endpoint === undefined ? {} : { endpoint }),
  };
}

/** EC2 with the SDK's default credential chain: environment, profile, SSO, roles. The SDK is loaded only here. */
export async function openEc2(config: AwsConfig): Promise<Ec2Api> {
  const [sdk, { AdaptiveRetryStrategy }] = await Promise.all([
    import('@aws-sdk/client-ec2'),
    import('@smithy/core/retry'),
  ]);
  class RetryStrategy extends AdaptiveRetryStrategy {
    override async refreshRetryTokenForRetry(
      ...[token, info]: Parameters<InstanceType<typeof AdaptiveRetryStrategy>['refreshRetryTokenForRetry']>
    ) {
      if (info.error instanceof Error && NOT_AGAIN.includes(info.error.name)) throw info.error;
      return super.refreshRetryTokenForRetry(token, info);
    }
  }
  const client = new sdk.EC2Client({
    ...clientOptions(config),
    retryStrategy: new RetryStrategy(MAX_ATTEMPTS),
  });
  const ask = async (call: ApiCall, input: object, signal: AbortSignal): Promise<unknown> => {
    try {
      // eslint-disable-next-line typescript/no-unsafe-type-assertion -- Ec2Api gives every call its own types back
      const Command = sdk[`${call}Command`] as unknown as new (input: object) => Parameters<typeof client.send>[0];
      return await client.send(new Command(input), { abortSignal: signal });
    } catch (error) {
      signal.throwIfAborted();
      throw explain(call, error);
    }
  };
  const calls = Object.keys(API_CALLS).map((call) => [
    call,
    // eslint-disable-next-line typescript/no-unsafe-type-assertion -- the keys of API_CALLS are calls
    (input: object, signal: AbortSignal) => ask(call as ApiCall, input, signal),
  ]);
  // eslint-disable-next-line typescript/no-unsafe-type-assertion -- one entry a call, by construction
  return Object.fromEntries(calls) as Ec2Api;
}
