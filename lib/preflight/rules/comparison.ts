import { tolerance } from '../../swarm/quorum.ts';
import type { Survey, Surveyed } from '../../contracts/preflight.ts';
import { fatal, warning, type Rule } from './rule.ts';

/** Certificates are valid from an hour before they are made: a clock behind that far fails the join. Far less is allowed. */
const SKEW_MS = 30_000;

/** The other hosts of which something is the same. */
function sharing(host: Surveyed, { hosts }: Survey, what: (one: Surveyed) => string): string[] {
  const own = what(host);
  return own === '' ? [] : hosts.filter((one) => one !== host && what(one) === own).map(({ node }) => node.name);
}

const hostName: Rule = (host, survey) => {
  const others = sharing(host, survey, ({ facts }) => facts.identity.hostname);
  if (others.length === 0) return [];
  return [
    fatal(host, 'host-name', {
      message: `its host name is ${host.facts.identity.hostname}, as is that of ${others.join(', ')}: nobody could tell the nodes apart`,
      fix: `Give it another: swarmup ssh ${host.node.name} -- sudo hostnamectl set-hostname ${host.node.name}`,
    }),
  ];
};

const machineId: Rule = (host, survey) => {
  const others = sharing(host, survey, ({ facts }) => facts.identity.machineId);
  if (others.length === 0) return [];
  return [
    fatal(host, 'machine-id', {
      message: `it has the machine id of ${others.join(', ')}, as clones of one disk do: DHCP may give both one address`,
      fix: `Make a new one and restart it: swarmup ssh ${host.node.name} -- 'sudo rm /etc/machine-id && sudo systemd-machine-id-setup && sudo reboot'`,
    }),
  ];
};

const address: Rule = (host, survey) => {
  const { facts, node } = host;
  if (host.address === '')
    return [
      fatal(host, 'address', {
        message: `no IPv4 address is known of it: ${node.host?.address ?? node.name} has none here`,
        fix: `Name the one that the other nodes reach it by: advertise: ${candidates(host)} at this node.`,
      }),
    ];
  const others = sharing(host, survey, (one) => one.address);
  if (others.length > 0)
    return [
      fatal(host, 'address', {
        message: `its address ${host.address} is that of ${others.join(', ')} too`,
        fix: `Name the one that the other nodes reach it by: advertise: ${candidates(host)} at this node.`,
      }),
    ];
  if (facts.addresses.some((one) => one.address === host.address)) return [];
  return [
    fatal(host, 'address', {
      message: `${host.address}, which the other nodes are to reach it by, is none of its own: another machine answers there, or one that translates addresses`,
      fix: `Name one of its own that the others reach: advertise: ${candidates(host)} at this node.`,
    }),
  ];
};

/** The addresses of a host that others may reach. */
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
      message: `its clock is ${words} the others: the swarm's certificates wouldn't be valid there`,
      fix: `Set it, and let it be kept right: swarmup ssh ${host.node.name} -- sudo timedatectl set-ntp true`,
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
      message: `the nodes have different processors (${kinds.join(', ')}): images that are made for one alone run only there`,
      fix: 'Use images for all of them, or constraints such as node.platform.arch==x86_64.',
    }),
  ];
};

const mixedEngines: Rule = (host, { hosts }) => {
  const versions = [...new Set(hosts.flatMap(({ facts }) => facts.engine?.version.split('.')[0] || []))];
  if (versions.length < 2 || host !== hosts[0]) return [];
  return [
    warning(host, 'engine', {
      message: `the engines are of different generations (${versions.toSorted().join(', ')}): they work together, and were never meant to for long`,
      fix: 'Bring the older ones up to date, one node at a time.',
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
          ? `${count} managers are more than 7: each agrees on every change, which gets slower with their number`
          : `${count} managers survive the loss of ${tolerance(count)}, as ${count - 1} do: the even number gains nothing`,
      fix: `Have ${count > 7 ? 5 : count + 1} of them.`,
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
