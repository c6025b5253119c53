import type { IpPermission } from '@aws-sdk/client-ec2';
import type { SwarmSection } from '../../config/model.ts';

/** One inbound rule of a security group. Ports are absent for protocols without ports. */
export interface Rule {
  readonly protocol: string;
  readonly from?: number;
  readonly to?: number;
  /** An IPv4 range, or `self`: the members of the group. */
  readonly source: string;
  readonly about: string;
}

/** The mark in the description of swarmup's rules: other rules in the group are left alone. */
const MARK = 'swarmup: ';

/**
 * The traffic between the machines. Source: Docker's manual, "Getting started with Swarm mode", open protocols and
 * ports; protocol 50 is ESP, of encrypted overlay networks.
 */
const amongNodes = (managementPort: number, dataPathPort: number): readonly Rule[] => [
  { protocol: 'tcp', from: managementPort, to: managementPort, source: 'self', about: 'swarm management' },
  { protocol: 'tcp', from: 7946, to: 7946, source: 'self', about: 'swarm gossip' },
  { protocol: 'udp', from: 7946, to: 7946, source: 'self', about: 'swarm gossip' },
  { protocol: 'udp', from: dataPathPort, to: dataPathPort, source: 'self', about: 'overlay networks' },
  { protocol: '50', source: 'self', about: 'encrypted overlay networks' },
];

export interface Openings {
  /** The ports that its nodes use among themselves. */
  readonly swarm: Pick<SwarmSection, 'listen' | 'dataPathPort'>;
  /** IPv4 ranges that may reach SSH. */
  readonly ssh: readonly string[];
  /** IPv4 ranges that may reach the published ports. */
  readonly published: readonly string[];
  readonly ports: readonly { readonly published: number; readonly protocol: 'tcp' | 'udp' }[];
}

/** Every rule the group should have. */
export function wantedRules({ swarm, ssh, published, ports }: Openings): Rule[] {
  const open = (protocol: string, port: number, source: string, about: string): Rule => ({
    protocol,
    from: port,
    to: port,
    source,
    about,
  });
  const all = [
    ...amongNodes(swarm.listen.port, swarm.dataPathPort),
    ...ssh.map((source) => open('tcp', 22, source, 'SSH')),
    ...ports.flatMap((port) =>
      published.map((source) => open(port.protocol, port.published, source, 'published port')),
    ),
  ];
  // A rule may occur twice, such as when port 22 is published too, or two names stand for the same range.
  return [...new Map(all.map((rule) => [ruleKey(rule), rule])).values()];
}

/** A group's inbound rules; `ours` marks those that swarmup made. */
export function rulesOf(group: string, permissions: readonly IpPermission[]): (Rule & { readonly ours: boolean })[] {
  return permissions.flatMap(({ IpProtocol = '', FromPort, ToPort, IpRanges = [], UserIdGroupPairs = [] }) => {
    const ports = FromPort === undefined || FromPort < 0 ? {} : { from: FromPort, to: ToPort ?? FromPort };
    const rule = (source: string, description: string | undefined) => ({
      protocol: IpProtocol,
      ...ports,
      source,
      about: description?.replace(MARK, '') ?? '',
      ours: description?.startsWith(MARK) ?? false,
    });
    return [
      ...IpRanges.map((range) => rule(range.CidrIp ?? '', range.Description)),
      ...UserIdGroupPairs.map((pair) => rule(pair.GroupId === group ? 'self' : (pair.GroupId ?? ''), pair.Description)),
    ];
  });
}

/** Identifies a rule by its traffic, not by its description. */
export function ruleKey({ protocol, from, to, source }: Rule): string {
  return [protocol, from ?? '', to ?? '', source].join(' ');
}

/** A rule in the form of the EC2 API. */
export function permissionOf(rule: Rule, group: string): IpPermission {
  const { protocol, from, to, source } = rule;
  const Description = `${MARK}${rule.about}`;
  return {
    IpProtocol: protocol,
    ...(from === undefined ? {} : { FromPort: from, ToPort: to ?? from }),
    ...(source === 'self'
      ? { UserIdGroupPairs: [{ GroupId: group, Description }] }
      : { IpRanges: [{ CidrIp: source, Description }] }),
  };
}

/** A rule as shown to the user: "80/tcp (published port)". */
export function describeRule({ protocol, from, about }: Rule): string {
  const what = from === undefined ? `protocol ${protocol}` : `${from}/${protocol}`;
  return `${what}${about ? ` (${about})` : ''}`;
}
