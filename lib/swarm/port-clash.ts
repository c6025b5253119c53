import { isLoopback, listenerInWords, type Listener } from '../facts/listeners.ts';
import { quote } from '../util/shell-quote.ts';
import { visibleLine } from '../util/visible.ts';
import { portText, type HeldPort, type Publisher } from './publishers.ts';

/**
 * What a listener means for a port that is to be published. `taken`: they can't both have it. `shadowed`: the routing
 * mesh takes over what programs on the same machine send to the listener.
 */
export type Clash = 'taken' | 'shadowed';

/**
 * A port in host mode is bound to 0.0.0.0 and [::], and the task is refused when anything has it on any address, on
 * loopback too. For an ingress port the engine does the same and only logs the error; it redirects all packets to a local
 * IPv4 address, loopback included, to the routing mesh: the service answers, and the listener no longer does. Sources:
 * moby, daemon/libnetwork, portallocator/osallocator_linux.go, service_linux.go (programIngress, plumbIngressProxy); Linux
 * refuses to bind a wildcard address while any other one has the port.
 */
export function clashOf({ protocol, port, address }: Listener, wanted: HeldPort): Clash | undefined {
  if (protocol !== wanted.protocol || port !== wanted.published) return undefined;
  if (wanted.mode === 'host' || !isLoopback(address)) return 'taken';
  return address.includes('::1') ? undefined : 'shadowed';
}

/** A container of a node that publishes ports, and isn't a task of the swarm. */
export interface PublishingContainer {
  readonly name: string;
  readonly ports: readonly Pick<HeldPort, 'published' | 'protocol'>[];
}

/** A node with what listens on it. */
export interface ListeningNode {
  readonly name: string;
  readonly listeners: readonly Listener[];
  readonly containers: readonly PublishingContainer[];
}

/** A port that a service is to publish, and doesn't yet. */
export interface NewPort {
  readonly publisher: Publisher;
  readonly port: HeldPort;
  /** The nodes on which it has to be free. */
  readonly nodes: readonly string[];
}

export interface PortProblem {
  readonly message: string;
  readonly fix: string;
}

/** The engine's programs that listen on published ports. */
const ENGINE = ['dockerd', 'docker-proxy'];

export function isEngines({ program }: Pick<Listener, 'program'>): boolean {
  return ENGINE.includes(program);
}

/** What has a port on one node: in words, and a command that shows or stops it. */
interface Holder {
  readonly node: string;
  readonly who: string;
  readonly command: string;
}

/** The ports that something else has on some node: one problem for each port, whatever the number of nodes. Pure. */
export function takenPorts(wanted: readonly NewPort[], nodes: readonly ListeningNode[]): readonly PortProblem[] {
  return wanted.flatMap((one) => {
    const holders = holdersOf(one, nodes, 'taken');
    const [first] = holders;
    if (!first) return [];
    const where = holders.map(({ node, who }) => `on ${node}, ${who}`).join('; ');
    return [
      {
        message: `${wish(one)}, and the port is already in use: ${where}`,
        fix: `Stop it or move it to another port, or publish another port. On ${first.node}: ${first.command}`,
      },
    ];
  });
}

/** Listeners on loopback that an ingress port takes over, in sentences. Pure. */
export function shadowedListeners(wanted: readonly NewPort[], nodes: readonly ListeningNode[]): readonly string[] {
  return wanted.flatMap((one) =>
    holdersOf(one, nodes, 'shadowed').map(
      ({ node, who }) =>
        `on ${node}, ${who}: programs there that use it reach ${one.publisher.name} instead once ${portText(one.port)} is published`,
    ),
  );
}

function wish({ publisher, port }: NewPort): string {
  const place = publisher.place(port);
  const stack = publisher.stack === undefined ? '' : ` of stack ${publisher.stack}`;
  return `service ${publisher.name}${stack} is to publish ${portText(port)}${place === undefined ? '' : ` (${place})`}`;
}

function holdersOf({ port, nodes: own }: NewPort, nodes: readonly ListeningNode[], kind: Clash): readonly Holder[] {
  return nodes
    .filter(({ name }) => own.includes(name))
    .flatMap(({ name, listeners, containers }) => {
      const found = listeners.filter((one) => clashOf(one, port) === kind);
      const foreign = found.find((one) => !isEngines(one));
      if (foreign) return [byProgram(name, foreign)];
      const container = found.length > 0 ? containers.find(({ ports }) => ports.some(isAt(port))) : undefined;
      return container ? [byContainer(name, container)] : [];
    });
}

const isAt =
  (port: HeldPort) =>
  ({ published, protocol }: Pick<HeldPort, 'published' | 'protocol'>): boolean =>
    published === port.published && protocol === port.protocol;

function byProgram(node: string, listener: Listener): Holder {
  const { address, port, pid, program } = listener;
  const show =
    program === 'systemd' && pid === 1 ? ['systemctl', 'list-sockets'] : ['sudo', 'ss', '-lnp', `sport = :${port}`];
  return {
    node,
    who: `${visibleLine(listenerInWords(listener))} listens on ${address}:${port}`,
    command: quote(['swarmup', 'ssh', node, '--', ...show]),
  };
}

function byContainer(node: string, { name }: PublishingContainer): Holder {
  return {
    node,
    who: `the container ${visibleLine(name)}, which isn't part of the swarm, publishes it`,
    command: quote(['swarmup', 'ssh', node, '--', 'sudo', 'docker', 'stop', name]),
  };
}
