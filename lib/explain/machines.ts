import type { Explanation } from './explanation.ts';

/** Errors of machines on this computer, and of clouds. */
export const machines = {
  MACHINE_ABSENT: {
    meaning: 'The node has no machine yet, or none that can be reached.',
    causes: ["`swarmup up` hasn't run yet, or not for this node.", 'Somebody removed the machine.'],
    look: '`swarmup status` shows the machines.',
    fix: '`swarmup up` creates it.',
    example: `✖ worker2 has no machine that can be reached
  fix  Run 'swarmup up' to create it.`,
  },
  MACHINE_STOPPED: {
    meaning: "The node's machine exists, but is powered off or still starting.",
    causes: ['It was powered off, or this computer was restarted.'],
    look: '`swarmup status` shows the machines.',
    fix: '`swarmup up` starts it and waits for it.',
    example: `✖ worker2's machine is powered off
  fix  Run 'swarmup up' to start it.`,
  },
  MACHINE_FAILED: {
    meaning: "A machine couldn't be created, started, saved or restored.",
    causes: [
      'Too little memory or disk on this computer.',
      'The virtualisation program failed.',
      'Another program took a port.',
    ],
    look: 'Its console: `.swarmup/CLUSTER/machines/NODE/console.log`; for VirtualBox, Show Log.',
    fix: 'Free memory or disk, or lower `provider.memory`; then run again.',
    example: `✖ provision on worker2: worker2's virtual machine ended while it started
    Kernel panic - not syncing: System is deadlocked on memory
  fix  Its console says why: .swarmup/local/machines/worker2/console.log. Run again to restart it.`,
  },
  SNAPSHOT_UNUSABLE: {
    meaning: "A snapshot doesn't fit this computer or the cluster file, or it is damaged. Nothing was changed.",
    causes: [
      'Another version of QEMU saved it.',
      'The cluster file names other nodes now.',
      'The certificates in it have expired.',
    ],
    look: '`swarmup snapshot list` shows when each was taken, and until when it can be restored.',
    fix: 'Take another one, or go back to the file and the QEMU of that time.',
    example: `✖ the snapshot clean can't be restored: the certificates in it expired on 2026-03-01, so its nodes would not trust each other
  fix  Take another one: swarmup snapshot save clean`,
  },
  CLOUD_CREDENTIALS: {
    meaning: "AWS doesn't know who is asking: there are no credentials, or they are wrong or expired.",
    causes: [
      'An expired login (aws sso login).',
      'Another profile is set.',
      'Environment variables of another account.',
    ],
    look: '`aws sts get-caller-identity` shows who you are for AWS.',
    fix: 'Log in, or set AWS_PROFILE, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY.',
    example: `✖ prepare-provider on cluster: EC2 DescribeInstances: The security token included in the request is expired (ExpiredToken)
  fix  Log in (aws sso login, with the profile if there is one), or set AWS_PROFILE, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY.`,
  },
  CLOUD_DENIED: {
    meaning: "AWS knows who is asking, but the policy doesn't allow this call.",
    causes: ['The policy lacks an action.', 'A condition in it names another cluster or region.'],
    look: 'The action is in the message. docs/reference/aws-policy.json is the policy that swarmup needs.',
    fix: 'Grant the action.',
    example: `✖ provision on worker1: these credentials may not call ec2:RunInstances: You are not authorized to perform this operation
  fix  Grant ec2:RunInstances to them; docs/aws.md has the policy that swarmup needs.`,
  },
  CLOUD_INVALID: {
    meaning: "The provider's section asks for something that this account or region doesn't have.",
    causes: [
      'No region is set.',
      "The instance type isn't offered in these zones.",
      'An image for another architecture.',
      'No default VPC.',
    ],
    look: '`swarmup plan` checks it without creating anything.',
    fix: "Correct the provider's section as the error says. Nothing was created.",
    example: `✖ provider.subnets is not set, and this region has no default VPC
  fix  Name subnets in provider.subnets, or create a default VPC: aws ec2 create-default-vpc`,
  },
  CLOUD_LIMIT: {
    meaning: "The account's quota doesn't allow that many machines.",
    causes: ['The vCPU quota of new accounts is small.', 'Other machines in the region use it up.'],
    look: 'Service Quotas, Amazon EC2, in the AWS console.',
    fix: 'Ask for a higher quota, use smaller or fewer machines, or remove others. Machines that exist are kept.',
    example: `✖ the on-demand quota of this account is 5 vCPUs: 4 are in use, and 6 more are needed
  fix  Ask for 10 under Service Quotas, EC2 (L-1216C47A), use smaller or fewer machines, or remove others. Nothing was created.`,
  },
  CLOUD_NO_CAPACITY: {
    meaning: 'AWS has no free capacity for this instance type in these zones now.',
    causes: ['A rare or large instance type.', 'Spot capacity is used up.'],
    look: 'Try the type in the AWS console in another zone.',
    fix: 'Run again later, or choose another `provider.instanceType` or other `provider.zones`. Machines that exist are kept.',
    example: `✖ provision on worker2: EC2 RunInstances: We currently do not have sufficient t4g.small capacity (InsufficientInstanceCapacity)
  fix  Run again later, or choose another provider.instanceType or other provider.zones. Existing machines are kept.`,
  },
  CLOUD_FAILED: {
    meaning: "EC2 answered with an error that swarmup doesn't know better than by EC2's own words.",
    causes: [
      'EC2 had a fault of its own.',
      'The network between this computer and AWS.',
      "A value that EC2 doesn't accept.",
    ],
    look: 'The words of EC2 are in the message; health.aws.amazon.com shows known faults.',
    fix: 'Correct what EC2 names and run again. `swarmup down` removes what was created.',
    example: `✖ provision on worker2: EC2 RunInstances: An internal error has occurred (InternalError)
  fix  EC2 itself failed: run again in a while. Existing machines are kept.`,
  },
  CLOUD_FOREIGN: {
    meaning:
      "Something in the account has the name that swarmup would use, but swarmup didn't make it, or another computer did.",
    causes: [
      'A security group or key pair of that name, made by hand.',
      'The cluster was made from another computer, which has its key.',
    ],
    look: "The tags of the thing that is named: swarmup's begin with `swarmup:`.",
    fix: 'Rename the cluster, remove the other thing if it is unused, or copy the key from that computer.',
    example: `✖ prepare-provider on cluster: there is a security group swarmup-prod that swarmup didn't make
  fix  swarmup changes only what carries its tags. Rename the cluster, or remove that security group if it is unused.`,
  },
} as const satisfies Record<string, Explanation>;
