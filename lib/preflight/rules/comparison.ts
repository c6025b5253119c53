import { tolerance } from '../../swarm/quorum.ts';
import type { Survey, Surveyed } from '../../contracts/preflight.ts';
import { fatal, warning, type Rule } from './rule.ts';

/**
 * Certificates are valid from one hour before their creation, so a join fails on a clock that is an hour behind. The
 * limit is far lower.
 */
const SKEW_MS = 30_000;

/** The other hosts that share a property with this one. */
function sharing(host: Surveyed, { hosts }: Survey, what: (one: Surveyed) => string): string[] {
  const own = what(host);
  return own === '' ? [] : hosts.filter((one) => one !== host && what(one) === own).map(({ node }) => node.name);
}

const hostName: Rule = (host, survey) => {
  const others = sharing(host, survey, ({ facts }) => facts.identity.hostname);
  if (others.length === 0) return [];
  return [
    fatal(host, 'host-name', {
      message: `its host name is ${host.facts.identity.hostname}, the same as that of ${others.join(', ')}: the nodes could not be told apart`,
      fix: `Change it: swarmup ssh ${host.node.name} -- sudo hostnamectl set-hostname ${host.node.name}`,
    }),
  ];
};

const machineId: Rule = (host, survey) => {
  const others = sharing(host, survey, ({ facts }) => facts.identity.machineId);
  if (others.length === 0) return [];
  return [
    fatal(host, 'machine-id', {
      message: `it has the same machine ID as ${others.join(', ')}, like clones of one disk: DHCP may give them the same address`,
      fix: `Create a new machine ID and restart it: swarmup ssh ${host.node.name} -- 'sudo rm /etc/machine-id && sudo systemd-machine-id-setup && sudo reboot'`,
    }),
  ];
};

const address: Rule = (host, survey) => {
  const { facts, node } = host;
  if (host.address === '')
    return [
      fatal(host, 'address', {
        message: `its IPv4 address is unknown: ${node.host?.address ?? node.name} does not resolve to one here`,
        fix: `Name the address at which the other nodes reach it: advertise: ${candidates(host)} at this node.`,
      }),
    ];
  const others = sharing(host, survey, (one) => one.address);
  if (others.length > 0)
    return [
      fatal(host, 'address', {
        message: `its address ${host.address} is also that of ${others.join(', ')}`,
        fix: `Name the address at which the other nodes reach it: advertise: ${candidates(host)} at this node.`,
      }),
    ];
  if (facts.addresses.some((one) => one.address === host.address)) return [];
  return [
    fatal(host, 'address', {
      message: `it has no interface with ${host.address}, the address at which the other nodes are to reach it: that belongs to another machine or a NAT`,
      fix: `Name one of its own addresses that the others can reach: advertise: ${candidates(host)} at this node.`,
    }),
  ];
};

/** The addresses of a host that the others may be able to reach. */
function candidates({ facts }: Surveyed): string {
  const own = facts.addresses.filter(({ interface: name }) => !/^(lo|docker|br-|veth)/.test(name));
  return own.map((one) => one.address).join(' or ') || 'ADDRESS';
}

const clock: Rule = (host, { hosts }) => {
  const aheads = hosts.map(({ facts }) => facts.aheadMs).toSorted((a, b) => a - b);
  const median = aheads[Math.floor((aheads.length - 1) / 2)] ?? 0;
  const off = host.facts.aheadMs - median;
  if (Math.abs(off) <= SKEW_MS) return [];
  const words = `${duration(Math.abs(off))} ${off > 0 ? 'ahead of' : 'behind'}`;
  return [
    fatal(host, 'clock', {
      message: `its clock is ${words} the others: the swarm's certificates would not be valid there`,
      fix: `Set the clock and keep it synchronised: swarmup ssh ${host.node.name} -- sudo timedatectl set-ntp true`,
    }),
  ];
};

function duration(ms: number): string {
  const seconds = Math.round(ms / 1000);
  if (seconds < 120) return `${seconds} s`;
  return seconds < 7200 ? `${Math.round(seconds / 60)} min` : `${Math.round(seconds / 3600)} h`;
}

const mixedArchitectures: Rule = (host, { hosts }) => {
  const kinds = [...new Set(hosts.map(({ facts }) => facts.platform.architecture))];
  if (kinds.length < 2 || host !== hosts[0]) return [];
  return [
    warning(host, 'architecture', {
      message: `the nodes have different architectures (${kinds.join(', ')}): an image for only one of them runs only there`,
      fix: 'Use multi-platform images, or constraints such as node.platform.arch==x86_64.',
    }),
  ];
};

const mixedEngines: Rule = (host, { hosts }) => {
  const versions = [...new Set(hosts.flatMap(({ facts }) => facts.engine?.version.split('.')[0] || []))];
  if (versions.length < 2 || host !== hosts[0]) return [];
  return [
    warning(host, 'engine', {
      message: `the engines have different major versions (${versions.toSorted().join(', ')}): they work together, but should do so only during an upgrade`,
      fix: 'Upgrade the older ones, one node at a time.',
    }),
  ];
};

const majority: Rule = (host, { cluster, hosts }) => {
  const count = cluster.nodes.filter(({ role }) => role === 'manager').length;
  if (host !== hosts[0] || (count % 2 === 1 && count <= 7)) return [];
  return [
    warning(host, 'managers', {
      message:
        count > 7
          ? `${count} managers are more than 7: every change needs their agreement, which gets slower with each manager`
          : `${count} managers survive the loss of ${tolerance(count)}, as ${count - 1} do: an even number gains nothing`,
      fix: `Use ${count > 7 ? 5 : count + 1} managers.`,
    }),
  ];
};

export const comparisonRules: readonly Rule[] = [
  hostName,
  machineId,
  address,
  clock,
  mixedArchitectures,
  mixedEngines,
  majority,
];
