import type { Cluster, NodeSpec } from '../../config/model.ts';
import type { Finding, HostFacts } from '../../contracts/preflight.ts';
import { isLoopback, listenerInWords, type Listener } from '../../facts/listeners.ts';
import { clashOf } from '../../swarm/port-clash.ts';
import { portText, publishersOf, type HeldPort } from '../../swarm/publishers.ts';
import { quote } from '../../util/shell-quote.ts';
import { visibleLine } from '../../util/visible.ts';
import { swarmPorts } from '../network.ts';
import { fatal, warning, type Rule } from './rule.ts';

/** The engine's own listeners: those of an existing swarm, and ports that it publishes. */
const OWN = ['dockerd', 'swarmup-probe'];
const OWN_OF_A_NODE = [...OWN, 'docker-proxy'];

/** What the check of ports needs to know of a host. */
export interface HostPorts {
  readonly node: NodeSpec;
  readonly facts: Pick<HostFacts, 'engine' | 'listeners'>;
}

/** Ports that a host needs as a node of this cluster, and that something else has there. Pure. */
export function portFindings(host: HostPorts, cluster: Cluster): readonly Finding[] {
  return [...swarmPortsTaken(host, cluster), ...publishedTaken(host, cluster)];
}

function swarmPortsTaken(host: HostPorts, cluster: Cluster): readonly Finding[] {
  const { engine, listeners } = host.facts;
  // On a node these ports belong to the engine and the kernel.
  if (engine?.swarm.state === 'active') return [];
  const needed = swarmPorts(cluster).filter(({ managers }) => !managers || host.node.role === 'manager');
  return needed.flatMap(({ protocol, port, use }) => {
    const other = listeners.find(
      (one) =>
        one.protocol === protocol &&
        one.port === port &&
        !OWN.includes(one.program) &&
        !isLoopback(one.address) &&
        !(engine !== undefined && isKernelsVxlan(one, cluster.swarm.dataPathPort)),
    );
    return other ? [taken(host, other, use)] : [];
  });
}

function publishedTaken(host: HostPorts, cluster: Cluster): readonly Finding[] {
  const { engine, listeners } = host.facts;
  const own = engine?.swarm.state === 'active' ? OWN_OF_A_NODE : OWN;
  const others = listeners.filter(({ program }) => !own.includes(program));
  const seen = new Set<string>();
  return portsOn(host.node, cluster).flatMap(({ port, service }) => {
    const clashes = others.map((one) => ({ one, clash: clashOf(one, port) }));
    const found = clashes.find(({ clash }) => clash === 'taken') ?? clashes.find(({ clash }) => clash === 'shadowed');
    if (!found || seen.has(portText(port))) return [];
    seen.add(portText(port));
    if (found.clash === 'taken') return [taken(host, found.one, 'a published port')];
    return [
      warning(host, 'ports', {
        message: `${nameOf(found.one)} listens on ${found.one.address}:${port.published}: programs on this host that use it reach service ${service} instead once ${portText(port)} is published`,
        fix: `Publish another port, or in host mode on other nodes. To see it: ${show(host, found.one)}`,
      }),
    ];
  });
}

/** The ports that are published on a node; those of HTTP checks and of Portainer are among them. */
function portsOn(node: NodeSpec, cluster: Cluster): readonly { readonly port: HeldPort; readonly service: string }[] {
  return publishersOf(cluster).flatMap(({ name, ports, mayRunOn }) =>
    ports.filter(({ mode }) => mode === 'ingress' || mayRunOn(node)).map((port) => ({ port, service: name })),
  );
}

function taken(host: HostPorts, listener: Listener, use: string): Finding {
  const { port, protocol } = listener;
  return fatal(host, 'ports', {
    message: `${nameOf(listener)} listens on ${port}/${protocol}, which is needed for ${use}`,
    fix: `Stop it or move it to another port: ${show(host, listener)}`,
  });
}

const nameOf = (listener: Listener): string => visibleLine(listenerInWords(listener));

const show = ({ node }: HostPorts, { port }: Listener): string =>
  quote(['swarmup', 'ssh', node.name, '--', 'sudo', 'ss', '-lnp', `sport = :${port}`]);

const takenPorts: Rule = (host, { cluster }) => portFindings(host, cluster);

/**
 * A socket without a program belongs to the kernel. An engine that left a swarm may keep its VXLAN interface for a
 * while (seen with Docker 20.10), which does no harm: interfaces on the same port share a socket. Source: Linux,
 * drivers/net/vxlan, vxlan_sock_add.
 */
function isKernelsVxlan({ protocol, port, program }: Listener, dataPathPort: number): boolean {
  return protocol === 'udp' && port === dataPathPort && program === '';
}

const dhcp: Rule = (host) => {
  const own = host.facts.addresses.find(({ address }) => address === host.address);
  if (host.node.role !== 'manager' || !own?.dynamic) return [];
  return [
    warning(host, 'address', {
      message: `its address ${own.address} comes from DHCP, but a manager's address must never change`,
      fix: 'Reserve it at the DHCP server, or configure it statically on the machine.',
    }),
  ];
};

export const portRules: readonly Rule[] = [takenPorts, dhcp];
