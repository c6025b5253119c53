import type { IpPermission } from '@aws-sdk/client-ec2';

/** One thing a security group lets in. Ports are absent for protocols that have none. */
export interface Rule {
  readonly protocol: string;
  readonly from?: number;
  readonly to?: number;
  /** An IPv4 range, or `self`: the members of the group. */
  readonly source: string;
  readonly about: string;
}

/** The mark in a rule's description: others' rules in the group are theirs. */
const MARK = 'swarmup: ';

/**
 * What the machines say to each other. Source: Docker's manual, "Getting started with Swarm mode", open protocols and
 * ports; protocol 50 is ESP, of encrypted overlay networks.
 */
const AMONG_NODES: readonly Rule[] = [
  { protocol: 'tcp', from: 2377, to: 2377, source: 'self', about: 'swarm management' },
  { protocol: 'tcp', from: 7946, to: 7946, source: 'self', about: 'swarm gossip' },
  { protocol: 'udp', from: 7946, to: 7946, source: 'self', about: 'swarm gossip' },
  { protocol: 'udp', from: 4789, to: 4789, source: 'self', about: 'overlay networks' },
  { protocol: '50', source: 'self', about: 'encrypted overlay networks' },
];

export interface Openings {
  /** IPv4 ranges that may reach SSH. */
  readonly ssh: readonly string[];
  /** IPv4 ranges that may reach the published ports. */
  readonly published: readonly string[];
  readonly ports: readonly { readonly published: number; readonly protocol: 'tcp' | 'udp' }[];
}

/** All that the group should let in, and nothing else. */
export function wantedRules({ ssh, published, ports }: Openings): Rule[] {
  const open = (protocol: string, port: number, source: string, about: string): Rule => ({
    protocol,
    from: port,
    to: port,
    source,
    about,
  });
  const all = [
    ...AMONG_NODES,
    ...ssh.map((source) => open('tcp', 22, source, 'SSH')),
    ...ports.flatMap((port) =>
      published.map((source) => open(port.protocol, port.published, source, 'published port')),
    ),
  ];
  // A port may be asked for twice: SSH published as well, two names of one range.
  return [...new Map(all.map((rule) => [ruleKey(rule), rule])).values()];
}

/** What a group lets in, as rules; `ours` tells those that swarmup made. */
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

/** Identifies what a rule lets in, whatever it is called. */
export function ruleKey({ protocol, from, to, source }: Rule): string {
  return [protocol, from ?? '', to ?? '', source].join(' ');
}

/** A rule as EC2 takes it. */
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

/** What a rule lets in, as a person reads it: "80/tcp (published port)". */
export function describeRule({ protocol, from, about }: Rule): string {
  const what = from === undefined ? `protocol ${protocol}` : `${from}/${protocol}`;
  return `${what}${about ? ` (${about})` : ''}`;
}
