import { MTU_OPTION } from '../../config/convert-networks.ts';
import type { MeshLook, MeshNode, OverlayLink } from '../../contracts/mesh.ts';
import type { MeshFault, MeshSettings } from './fault.ts';
import { VXLAN } from './fetch.ts';
import { quoteThroughSsh } from '../../util/shell-quote.ts';

type Kind = 'ok' | 'mtu' | 'checksums' | 'unreachable' | 'unclear';

/** An interface's feature that makes checksums of packets inside VXLAN. Source: ethtool(8); moby#41775. */
const FEATURE = 'tx-checksum-ip-generic';

type Settings = Pick<MeshSettings, 'networks' | 'swarm'>;

/** A try that ended without any word of the other side. */
const SILENT = /^(?:no connection|0 of \d+ bytes|connection timed out)$/;

/**
 * What a link shows. Large answers are lost for their size only if small ones arrive, and packets of that size don't: a
 * slow or busy link loses neither for good. Ping has checksums of its own, which hardware doesn't touch.
 */
export function kindOf({ ping, small, large, packets }: OverlayLink): Kind {
  if (small.ok && large.ok) return 'ok';
  if (small.ok) return ping && packets.arrived >= packets.allowed ? 'unclear' : 'mtu';
  if (!ping) return 'unreachable';
  return SILENT.test(small.reason) ? 'checksums' : 'unclear';
}

/** The faults of the network between the nodes: one of each kind, however many links have it. Pure. */
export function linkFaults(
  { links, nodes }: Pick<MeshLook, 'links' | 'nodes'>,
  cluster: Settings,
): readonly MeshFault[] {
  const of = (kind: Kind) => links.filter((link) => kindOf(link) === kind);
  return [
    unreachable(of('unreachable'), nodes, cluster),
    checksums(of('checksums'), nodes),
    mtu(of('mtu'), cluster),
  ].filter((fault) => fault !== undefined);
}

function unreachable(
  links: readonly OverlayLink[],
  nodes: readonly MeshNode[],
  { swarm }: Settings,
): MeshFault | undefined {
  if (links.length === 0) return undefined;
  const port = swarm.dataPathPort;
  // The kernel answers so where gossip told the node no way to the other.
  const isUntold = links.some(({ small }) => !small.ok && /no route|unreachable/.test(small.reason));
  const why = isUntold
    ? 'the nodes know no way to each other, which gossip tells them (7946/tcp and udp)'
    : `neither ping nor TCP arrives, so packets of VXLAN (${port}/udp) are lost between them`;
  const opening = isUntold
    ? [
        ['7946', 'tcp'],
        ['7946', 'udp'],
      ]
    : [[String(port), 'udp']];
  return {
    code: 'OVERLAY_BLOCKED',
    nodes: namesIn(links),
    message: `the overlay network is interrupted ${pairs(links)}: ${why}. Published ports answer only through nodes with a task`,
    fix: open(
      namesIn(links),
      nodes,
      opening.map(([number, protocol]) => `${number}/${protocol}`),
    ),
    evidence: links.map(told),
  };
}

/** How to open ports in the firewalls that are on; otherwise where to look. */
function open(names: readonly string[], nodes: readonly MeshNode[], ports: readonly string[]): string {
  const commands = names.flatMap((name) => {
    const on = `swarmup ssh ${name} -- sudo`;
    const firewalls = nodes.find(({ node }) => node === name)?.firewalls ?? [];
    if (firewalls.includes('firewalld'))
      return ports.map(
        (port) => `${on} sh -c 'firewall-cmd --permanent --add-port=${port} && firewall-cmd --add-port=${port}'`,
      );
    return firewalls.includes('ufw') ? ports.map((port) => `${on} ufw allow ${port}`) : [];
  });
  const between = `Open ${ports.join(' and ')} between the nodes, in both directions: in a security group, a router, or a firewall`;
  const [first = ''] = names;
  return commands.length > 0
    ? `Open it on the nodes:\n${commands.join('\n')}`
    : `${between} (swarmup ssh ${first} -- sudo nft list ruleset, or iptables -S).`;
}

function checksums(links: readonly OverlayLink[], nodes: readonly MeshNode[]): MeshFault | undefined {
  if (links.length === 0) return undefined;
  const names = namesIn(links);
  const own = names.flatMap((name) => nodes.find(({ node }) => node === name) ?? []);
  const on = own.filter(({ offload }) => offload?.isOn === true);
  const unknown = own.filter(({ offload }) => offload?.isOn === undefined);
  const symptom = `TCP doesn't arrive through the overlay network ${pairs(links)}, although ping does`;
  const command = ({ node, offload }: MeshNode) =>
    `swarmup ssh ${node} -- ${quoteThroughSsh(['sudo', 'ethtool', '-K', offload?.interface ?? 'INTERFACE', FEATURE, 'off'])}`;
  const evidence = [
    ...own.map(
      ({ node, offload }) =>
        `${node}: tx-checksum-ip-generic of ${offload?.interface ?? 'its interface'} is ${offload?.isOn === undefined ? 'unknown (ethtool -k tells)' : offload.isOn ? 'on' : 'off'}`,
    ),
    ...links.map(told),
  ];
  if (on.length > 0)
    return {
      code: 'OVERLAY_CHECKSUMS',
      nodes: names,
      message: `${symptom}: ${on.map(({ node, offload }) => `${offload?.interface ?? ''} of ${node}`).join(', ')} leaves checksums to its hardware, and what is inside VXLAN gets wrong ones`,
      fix: `Let the kernel make them, until the next start of the machine:\n${on.map(command).join('\n')}`,
      evidence,
    };
  if (unknown.length > 0)
    return {
      code: 'OVERLAY_CHECKSUMS',
      nodes: names,
      message: `${symptom}. Checksums that hardware makes are the usual cause; whether it makes them is unknown on ${unknown.map(({ node }) => node).join(', ')}, as ethtool doesn't tell`,
      fix: `Install ethtool there, and let the kernel make them, until the next start of the machine:\n${unknown.map(command).join('\n')}`,
      evidence,
    };
  return {
    code: 'OVERLAY_BLOCKED',
    nodes: names,
    message: `${symptom}, and the interfaces leave no checksums to their hardware: a packet filter drops it`,
    fix: `See what drops it: swarmup ssh ${names[0] ?? ''} -- sudo nft list ruleset`,
    evidence,
  };
}

function mtu(links: readonly OverlayLink[], { networks }: Settings): MeshFault | undefined {
  if (links.length === 0) return undefined;
  const measured = links.map(({ packets }) => packets.arrived).filter((bytes) => bytes > 0);
  const size = measured.length > 0 ? Math.min(...measured) + VXLAN : undefined;
  const allowed = Math.min(...links.map(({ packets }) => packets.allowed));
  const own = networks.filter(({ external, driver, ingress }) => !external && !ingress && driver === 'overlay');
  const set = own.filter(({ options }) => size !== undefined && !(Number(options[MTU_OPTION]) <= size));
  const also =
    set.length > 0
      ? ` The networks ${set.map(({ name }) => name).join(', ')} need mtu: ${size} too, and are recreated for it.`
      : '';
  const N = size === undefined ? 'N (the largest packet between the nodes, such as 1400)' : String(size);
  return {
    code: 'OVERLAY_MTU',
    nodes: namesIn(links),
    message: `large packets are lost in the overlay network ${pairs(links)}: 64 bytes arrive, and 100 KB don't. It sends packets of up to ${allowed + VXLAN} bytes${size === undefined ? '' : `, and only ${size} get through`}`,
    fix: `Remove the published ports, give the ingress network that MTU in the cluster file, run 'swarmup up', and publish them again: networks: { ingress: { ingress: true, mtu: ${N} } }.${also}`,
    evidence: links.map(told),
  };
}

function told({ from, to, ping, small, large, packets }: OverlayLink): string {
  const said = (one: OverlayLink['small']) => (one.ok ? 'ok' : one.reason);
  return `${from} from ${to}: ping ${ping ? 'ok' : 'no answer'}; 64 bytes: ${said(small)}; 100 KB: ${said(large)}; packets up to ${packets.arrived} of ${packets.allowed} bytes`;
}

/** All nodes of the links; first the one that all of them have, if there is one. */
function namesIn(links: readonly OverlayLink[]): readonly string[] {
  const names = [...new Set(links.flatMap(({ from, to }) => [from, to]))].toSorted();
  const inAll = names.filter((name) => links.every(({ from, to }) => from === name || to === name));
  return [...new Set([...inAll, ...names])];
}

/** "between w1 and m1, m2, m3"; or pair by pair where no node is in all of them. */
function pairs(links: readonly OverlayLink[]): string {
  const [one = '', ...others] = namesIn(links);
  if (links.every(({ from, to }) => from === one || to === one)) return `between ${one} and ${others.join(', ')}`;
  const each = [...new Set(links.map(({ from, to }) => [from, to].toSorted().join(' and ')))];
  return `between ${each.slice(0, 6).join('; ')}${each.length > 6 ? `; and ${each.length - 6} more pairs` : ''}`;
}
