import { API_CALLS } from './api.ts';
import { OWNER, TAG } from './tags.ts';

const arn = (...kinds: string[]) => kinds.map((kind) => `arn:aws:ec2:*:*:${kind}/*`);
/** A role or user with the tag of a cluster may make and change only what belongs to that cluster; one without, all. */
const OWN_CLUSTER = `\${aws:PrincipalTag/${TAG.cluster}, '*'}`;
const carriesTag = {
  StringEquals: { [`aws:ResourceTag/${TAG.owner}`]: OWNER },
  StringLike: { [`aws:ResourceTag/${TAG.cluster}`]: OWN_CLUSTER },
};
const givesTag = {
  StringEquals: { [`aws:RequestTag/${TAG.owner}`]: OWNER },
  StringLike: { [`aws:RequestTag/${TAG.cluster}`]: OWN_CLUSTER },
};
/**
 * A machine with another cluster's tag would be taken for one of its nodes, with the host key in its tags: tags may be
 * added, but none that gives a resource to another cluster.
 */
const keepsTag = {
  ...carriesTag,
  StringEqualsIfExists: givesTag.StringEquals,
  StringLikeIfExists: givesTag.StringLike,
};

function actions(kind: (typeof API_CALLS)[keyof typeof API_CALLS]): string[] {
  return Object.entries(API_CALLS).flatMap(([call, own]) => (own === kind ? [`ec2:${call}`] : []));
}

/**
 * The smallest IAM policy that swarmup needs: it may create resources that get its tag, and change resources with that
 * tag.
 *
 * Sources: Service Authorization Reference, "Actions, resources, and condition keys for Amazon EC2"; EC2 user guide,
 * "Grant permission to tag Amazon EC2 resources during creation"; IAM user guide, "Policy variables with default values".
 */
export function iamPolicy(): object {
  return {
    Version: '2012-10-17',
    Statement: [
      { Sid: 'Look', Effect: 'Allow', Action: actions('read'), Resource: '*' },
      { Sid: 'LookAtQuotas', Effect: 'Allow', Action: ['servicequotas:GetServiceQuota'], Resource: '*' },
      {
        Sid: 'MakeWhatCarriesTheTag',
        Effect: 'Allow',
        Action: actions('make'),
        Resource: arn(
          'instance',
          'volume',
          'network-interface',
          'spot-instances-request',
          'security-group',
          'key-pair',
        ),
        Condition: givesTag,
      },
      {
        Sid: 'MakeMachinesFromAnyImageInAnySubnet',
        Effect: 'Allow',
        Action: ['ec2:RunInstances'],
        Resource: ['arn:aws:ec2:*::image/*', ...arn('subnet')],
      },
      {
        // The group of another cluster would let a machine reach that cluster's nodes.
        Sid: 'MakeMachinesWithWhatCarriesTheTag',
        Effect: 'Allow',
        Action: ['ec2:RunInstances'],
        Resource: arn('security-group', 'key-pair'),
        Condition: carriesTag,
      },
      { Sid: 'MakeGroupsInAnyVpc', Effect: 'Allow', Action: ['ec2:CreateSecurityGroup'], Resource: arn('vpc') },
      {
        Sid: 'TagWhatIsMade',
        Effect: 'Allow',
        Action: actions('tag'),
        Resource: 'arn:aws:ec2:*:*:*/*',
        Condition: { StringEquals: { 'ec2:CreateAction': actions('make').map((action) => action.slice(4)) } },
      },
      {
        Sid: 'ChangeWhatCarriesTheTag',
        Effect: 'Allow',
        Action: actions('change'),
        Resource: arn('instance', 'security-group', 'key-pair'),
        Condition: carriesTag,
      },
      {
        Sid: 'TagWhatCarriesTheTag',
        Effect: 'Allow',
        Action: actions('tag'),
        Resource: arn('instance', 'security-group', 'key-pair'),
        Condition: keepsTag,
      },
    ],
  };
}
