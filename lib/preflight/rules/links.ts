import { quoteThroughSsh } from '../../util/shell-quote.ts';
import { DRIVER_MTU, underlayOf } from '../../swarm/underlay.ts';
import { swarmPorts } from '../network.ts';
import type { Link, Surveyed } from '../../contracts/preflight.ts';
import { fatal, warning, type Rule } from './rule.ts';

/** Ports that are blocked from all or some hosts: one finding per port, at the host that can't be reached. */
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
        message: `${protocol.toUpperCase()} ${port} (${use}) can't be reached from ${from}: ${reasons}`,
        fix: `${opening(host, protocol, port)} Otherwise check what is between them: a firewall, a security group, a router.`,
      }),
    ];
  });
};

/** How to open a port in the host's active firewall. */
function opening({ facts, node }: Surveyed, protocol: string, port: number): string {
  const on = `swarmup ssh ${node.name} -- sudo`;
  const { firewalls } = facts.surroundings;
  if (firewalls.includes('firewalld'))
    return `firewalld is on there: ${on} ${quoteThroughSsh(['sh', '-c', `firewall-cmd --permanent --add-port=${port}/${protocol} && firewall-cmd --reload`])}.`;
  if (firewalls.includes('ufw')) return `ufw is on there: ${on} ufw allow ${port}/${protocol}.`;
  return `Check its packet filter: ${on} nft list ruleset (or iptables -S).`;
}

/** Full-size packets that are lost between hosts whose interfaces accept them: larger replies would hang. */
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
      message: `packets of ${bytes} bytes, which its interface allows, don't arrive at ${lost.map(({ to }) => to).join(', ')}: large replies would hang`,
      fix: `A tunnel or VPN between them allows only smaller packets. Lower the MTU of the interfaces: swarmup ssh ${host.node.name} -- sudo ip link set dev ${quoteThroughSsh([interfaceOf(host)])} mtu 1400`,
    }),
  ];
};

/**
 * Networks that swarmup creates get the MTU of such a link; the ingress network exists before it is known. Source:
 * libnetwork#2661.
 */
const narrowLink: Rule = (host) => {
  const underlay = underlayOf(host.node.name, host.address, host.facts);
  if (!underlay || underlay.mtu >= DRIVER_MTU) return [];
  const { interface: name, mtu } = underlay;
  return [
    warning(host, 'path-mtu', {
      message: `its ${name} takes packets of up to ${mtu} bytes, and the ingress network sends packets of ${DRIVER_MTU}: large replies of published ports may hang. Networks of services are created with that MTU`,
      fix: `For an ingress network with that MTU, before any service publishes a port: networks: { ingress: { ingress: true, mtu: ${mtu} } } in the cluster file.`,
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
      message: `it could not check whether it reaches the other nodes: ${reasonOf(asked)}`,
      fix: 'Install perl-base or python3-minimal there to enable the check.',
    }),
  ];
};

function reasonOf(links: readonly Link[]): string {
  return [...new Set(links.map(({ reason }) => reason))].join(', ');
}

export const linkRules: readonly Rule[] = [arrivals, pathMtu, narrowLink, unknown];
