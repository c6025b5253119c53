import { swarmPorts } from '../network.ts';
import type { Link, Surveyed } from '../../contracts/preflight.ts';
import { fatal, warning, type Rule } from './rule.ts';

/** What arrives nowhere from anybody, or not from some: one finding a port, at the host that doesn't get it. */
const arrivals: Rule = (host, { cluster, links }) => {
  const here = links.filter(({ to, packetBytes }) => to === host.node.name && packetBytes === undefined);
  return swarmPorts(cluster).flatMap(({ protocol, port, use }) => {
    const same = here.filter((link) => link.protocol === protocol && link.port === port);
    const failed = same.filter(({ result }) => result === 'failed');
    if (failed.length === 0) return [];
    const from = failed.map((link) => link.from).join(', ');
    const reasons = [...new Set(failed.map(({ reason }) => reason))].join(', ').toLowerCase();
    return [
      fatal(host, 'network', {
        message: `${protocol.toUpperCase()} ${port} (${use}) doesn't arrive from ${from}: ${reasons}`,
        fix: `${opening(host, protocol, port)} Else look at what is between them: a firewall, a security group, a router.`,
      }),
    ];
  });
};

/** How to let a port in, by the firewall that is on there. */
function opening({ facts, node }: Surveyed, protocol: string, port: number): string {
  const on = `swarmup ssh ${node.name} -- sudo`;
  const { firewalls } = facts.surroundings;
  if (firewalls.includes('firewalld'))
    return `firewalld runs there: ${on} sh -c 'firewall-cmd --permanent --add-port=${port}/${protocol} && firewall-cmd --reload'.`;
  if (firewalls.includes('ufw')) return `ufw is on there: ${on} ufw allow ${port}/${protocol}.`;
  return `See its packet filter: ${on} nft list ruleset (or iptables -S).`;
}

/** Full packets that vanish between hosts that take them: replies of more than a few lines would hang. */
const pathMtu: Rule = (host, { links }) => {
  const large = links.filter(({ from, packetBytes }) => from === host.node.name && packetBytes !== undefined);
  const lost = large.filter(({ to, protocol, port, result }) => {
    const small = links.find(
      (link) =>
        link.from === host.node.name &&
        link.to === to &&
        link.port === port &&
        link.protocol === protocol &&
        link.packetBytes === undefined,
    );
    return result === 'failed' && small?.result === 'ok';
  });
  if (lost.length === 0) return [];
  const bytes = lost[0]?.packetBytes ?? 0;
  return [
    fatal(host, 'path-mtu', {
      message: `packets of ${bytes} bytes, which its interface takes, don't arrive at ${lost.map(({ to }) => to).join(', ')}: small answers would pass and large ones hang`,
      fix: `Something between them takes smaller packets only (a tunnel, a VPN). Set the interfaces' MTU to what passes: swarmup ssh ${host.node.name} -- sudo ip link set dev ${interfaceOf(host)} mtu 1400`,
    }),
  ];
};

function interfaceOf({ address, facts }: Surveyed): string {
  return facts.addresses.find((one) => one.address === address)?.interface ?? 'INTERFACE';
}

const unknown: Rule = (host, { links }) => {
  const asked = links.filter(({ from }) => from === host.node.name);
  if (asked.length === 0 || asked.some(({ result }) => result !== 'unknown')) return [];
  return [
    warning(host, 'network', {
      message: `whether the other nodes can be reached from it isn't known: ${reasonOf(asked)}`,
      fix: 'Install perl-base or python3-minimal there to have it checked.',
    }),
  ];
};

function reasonOf(links: readonly Link[]): string {
  return [...new Set(links.map(({ reason }) => reason))].join(', ');
}

export const linkRules: readonly Rule[] = [arrivals, pathMtu, unknown];
