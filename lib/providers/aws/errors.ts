import { messageOf, SwarmupError, type ErrorCode } from '../../util/errors.ts';

interface Explanation {
  readonly code: ErrorCode;
  readonly fix: string;
  readonly transient?: true;
}

const POLICY = 'docs/aws.md has the policy that swarmup needs';
const CREDENTIALS: Explanation = {
  code: 'CLOUD_CREDENTIALS',
  fix: 'Log in (aws sso login, with the profile if there is one), or set AWS_PROFILE, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY.',
};
const QUOTA: Explanation = {
  code: 'CLOUD_LIMIT',
  fix: "Ask for more under Service Quotas, EC2, 'Running On-Demand Standard instances', or use smaller or fewer machines, then run again: existing machines are kept.",
};
const CAPACITY: Explanation = {
  code: 'CLOUD_NO_CAPACITY',
  fix: 'Run again later, or choose another provider.instanceType or other provider.zones. Existing machines are kept.',
};
const PASSING: Explanation = {
  code: 'CLOUD_FAILED',
  fix: 'EC2 itself failed: run again in a while. Existing machines are kept.',
  transient: true,
};

/** What EC2's error codes mean here. Source: EC2 API reference, "Error codes for the Amazon EC2 API". */
const CODES: Readonly<Record<string, Explanation>> = {
  AuthFailure: CREDENTIALS,
  CredentialsProviderError: CREDENTIALS,
  ExpiredToken: CREDENTIALS,
  ExpiredTokenException: CREDENTIALS,
  InvalidClientTokenId: CREDENTIALS,
  RequestExpired: { ...CREDENTIALS, fix: `Check whether this computer's clock is correct. ${CREDENTIALS.fix}` },
  SignatureDoesNotMatch: CREDENTIALS,
  TokenProviderError: CREDENTIALS,
  UnrecognizedClientException: CREDENTIALS,
  OptInRequired: { code: 'CLOUD_DENIED', fix: 'Enable EC2, or the region, for this account in the AWS console.' },
  PendingVerification: { code: 'CLOUD_LIMIT', fix: 'AWS is still verifying the account: run again in about an hour.' },
  InstanceLimitExceeded: QUOTA,
  VcpuLimitExceeded: QUOTA,
  MaxSpotInstanceCountExceeded: QUOTA,
  SpotMaxPriceTooLow: CAPACITY,
  VolumeLimitExceeded: {
    ...QUOTA,
    fix: 'Ask for more EBS storage under Service Quotas, or use a smaller provider.disk.',
  },
  SecurityGroupLimitExceeded: {
    ...QUOTA,
    fix: 'Remove unused security groups, or ask for more under Service Quotas.',
  },
  RulesPerSecurityGroupLimitExceeded: {
    ...QUOTA,
    fix: 'Use fewer published ports or ranges, or ask for more under Service Quotas.',
  },
  InsufficientInstanceCapacity: CAPACITY,
  InsufficientHostCapacity: CAPACITY,
  InsufficientFreeAddressesInSubnet: {
    code: 'CLOUD_LIMIT',
    fix: 'Name subnets with free addresses in provider.subnets.',
  },
  InternalError: PASSING,
  InternalFailure: PASSING,
  ServiceUnavailable: PASSING,
  Unavailable: PASSING,
  RequestLimitExceeded: {
    ...PASSING,
    fix: 'EC2 throttles this account, whose clients sent too many requests: run again in a while.',
  },
  TimeoutError: PASSING,
  InvalidAMIID: invalid('provider.image.id does not name an image in this region that this account may use.'),
  InvalidSubnetID: invalid('Correct provider.subnets: subnets of this region, all in one VPC.'),
  InvalidInstanceType: invalid(
    'Correct provider.instanceType; EC2 lists the types of a region with describe-instance-type-offerings.',
  ),
  Unsupported: invalid(
    'Choose another provider.instanceType, or other provider.zones: this instance type is not offered there.',
  ),
  InvalidParameterValue: invalid(
    'Correct the value that EC2 names in the provider section; provider.instanceProfile is the name of an instance profile, not of a role.',
  ),
};

function invalid(fix: string): Explanation {
  return { code: 'CLOUD_INVALID', fix };
}

/** EC2's error code of a failed call, such as InvalidPermission.Duplicate. */
function ec2Code(error: unknown): string | undefined {
  return error instanceof SwarmupError && error.cause instanceof Error && CLOUD.test(error.code)
    ? error.cause.name
    : undefined;
}

const CLOUD = /^CLOUD_/;

/** Whether EC2 answered with one of these codes. */
export function isEc2(error: unknown, ...codes: string[]): boolean {
  const code = ec2Code(error);
  return code !== undefined && codes.includes(code);
}

/** An SDK error as a SwarmupError with a fix. */
export function explain(call: string, error: unknown): SwarmupError {
  const name = error instanceof Error ? error.name : 'unknown';
  const said = `EC2 ${call}: ${messageOf(error)} (${name})`;
  if (/^(UnauthorizedOperation|AccessDenied|AccessDeniedException)$/.test(name)) {
    return new SwarmupError('CLOUD_DENIED', `these credentials may not call ec2:${call}: ${firstSentence(error)}`, {
      fix: `Grant ec2:${call} to them; ${POLICY}.`,
      cause: error,
    });
  }
  if (messageOf(error) === 'Region is missing') {
    return new SwarmupError('CLOUD_INVALID', 'no region is set for AWS', {
      fix: 'Set provider.region, or AWS_REGION, or the region of the profile.',
      cause: error,
    });
  }
  const known = CODES[name] ?? CODES[name.split('.')[0] ?? ''];
  if (known) {
    const { code, fix, transient } = known;
    return new SwarmupError(code, said, { fix, cause: error, ...(transient ? { transient } : {}) });
  }
  return new SwarmupError('CLOUD_FAILED', said, {
    fix: "Correct what EC2 names and run again; 'swarmup down' removes what was created.",
    cause: error,
    transient: isNetwork(error),
  });
}

/** The message without the encoded part that only administrators can decode. */
function firstSentence(error: unknown): string {
  return messageOf(error).split(/\.? Encoded authorization failure message/)[0] ?? '';
}

function isNetwork(error: unknown): boolean {
  return (
    error instanceof Error && 'code' in error && /^(ECONN|ETIMEDOUT|EAI_AGAIN|ENOTFOUND|EPIPE)/.test(String(error.code))
  );
}

/** Something that isn't this cluster's has the name that this cluster needs. */
export function nameTaken(kind: string, name: string, cause: unknown): SwarmupError {
  return new SwarmupError('CLOUD_FOREIGN', `there is a ${kind} ${name} that swarmup didn't make`, {
    fix: `swarmup changes only what carries its tags. Rename the cluster, or remove that ${kind} if it is unused.`,
    cause,
  });
}
