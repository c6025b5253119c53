import { quoteThroughSsh } from '../util/shell-quote.ts';
import type { Cluster, NodeSpec } from '../config/model.ts';
import type { SwarmService } from '../contracts/swarm-types.ts';
import { isMarked } from './labels.ts';
import { fits, traitsOfSpec } from './placement.ts';
import { NAMESPACE_LABEL, STACK_LABEL } from './stack.ts';

/** Which services publish which ports: those of the cluster file, and those of the swarm. All is pure. */

export interface PortKey {
  readonly published: number;
  readonly protocol: 'tcp' | 'udp' | 'sctp';
}

export interface HeldPort extends PortKey {
  readonly mode: 'ingress' | 'host';
}

/** A service of the cluster file, or of one of its stacks, with the ports whose number it chooses. */
export interface Publisher {
  /** Its name in the swarm. */
  readonly name: string;
  readonly stack?: string;
  readonly ports: readonly HeldPort[];
  /** The nodes that may run its tasks, as far as the file tells. */
  readonly mayRunOn: (node: NodeSpec) => boolean;
  /** How many tasks it has at once with this number of nodes; 0 if the file doesn't tell. */
  readonly tasks: (nodes: number) => number;
  /** Where the file has a port of it, as FILE:LINE:COLUMN, if known. */
  readonly place: (port: PortKey) => string | undefined;
}

export function publishersOf(cluster: Cluster): readonly Publisher[] {
  const { services, stacks, placeOf } = cluster;
  return [
    ...services.map(({ name, ports, constraints, mode, replicas }): Publisher => {
      const entryOf = (port: PortKey) => ports.find((one) => isSame(one, port))?.entry ?? 0;
      return {
        name,
        ports: ports.flatMap(({ published, protocol, mode }) =>
          published === undefined ? [] : [{ published, protocol, mode }],
        ),
        mayRunOn: runsOn(constraints),
        tasks: tasksOf({ mode, replicas, constraints }),
        place: (port) => placeOf?.(['services', name, 'ports', entryOf(port)]),
      };
    }),
    ...stacks.flatMap((stack) =>
      stack.services.map(({ name, ports, constraints }): Publisher => ({
        name: `${stack.name}_${name}`,
        stack: stack.name,
        ports,
        mayRunOn: runsOn(constraints),
        tasks: tasksOf({ constraints, ...stack.compose.services[name]?.deploy }),
        place: () => placeOf?.(['stacks', stack.name]),
      })),
    ),
  ];
}

/** Constraints may leave out nodes in ways that the file doesn't tell. */
function tasksOf({
  mode = 'replicated',
  replicas = 1,
  constraints,
}: {
  readonly mode?: string;
  readonly replicas?: number;
  readonly constraints: readonly string[];
}): Publisher['tasks'] {
  return (nodes) => (mode === 'replicated' ? replicas : mode === 'global' && constraints.length === 0 ? nodes : 0);
}

const runsOn =
  (constraints: readonly string[]): Publisher['mayRunOn'] =>
  (node) =>
    node.availability === 'active' && fits(traitsOfSpec(node), constraints);

function isSame(one: { readonly published?: number | undefined; readonly protocol: string }, other: PortKey): boolean {
  return one.published === other.published && one.protocol === other.protocol;
}

/** "80/tcp" */
export function portText({ published, protocol }: PortKey): string {
  return `${published}/${protocol}`;
}

/** The ports that a service of the swarm has: those it asks for, and those that Swarm chose. */
export function portsHeldBy({ Spec, Endpoint }: Pick<SwarmService, 'Spec' | 'Endpoint'>): readonly HeldPort[] {
  const all = [...(Spec.EndpointSpec?.Ports ?? []), ...(Endpoint?.Ports ?? [])];
  const held = all.flatMap(({ PublishedPort, Protocol = 'tcp', PublishMode }): HeldPort[] => {
    if (PublishedPort === undefined || PublishedPort === 0) return [];
    if (Protocol !== 'tcp' && Protocol !== 'udp' && Protocol !== 'sctp') return [];
    return [{ published: PublishedPort, protocol: Protocol, mode: PublishMode === 'host' ? 'host' : 'ingress' }];
  });
  return [...new Map(held.map((port) => [`${portText(port)} ${port.mode}`, port])).values()];
}

/**
 * Whether one service has a port of another. Two may have one in host mode: the scheduler then keeps them on different
 * nodes. Source: swarmkit, manager/controlapi/service.go, checkPortConflicts.
 */
export function excludes(one: HeldPort, other: HeldPort): boolean {
  return isSame(one, other) && !(one.mode === 'host' && other.mode === 'host');
}

export function holdsPort(ports: readonly HeldPort[], port: HeldPort): boolean {
  return ports.some((one) => isSame(one, port) && one.mode === port.mode);
}

/** A service of the swarm in words: its name, its stack, and where the cluster file has it. */
export function ownerInWords(
  { Spec }: Pick<SwarmService, 'Spec'>,
  port: PortKey,
  publishers: readonly Publisher[],
): string {
  const stack = Spec.Labels?.[NAMESPACE_LABEL];
  const what = `service ${Spec.Name}${stack === undefined ? '' : ` of stack ${stack}`}`;
  const own = publishers.find(({ name }) => name === Spec.Name);
  if (!own) return `${what} (not in the cluster file)`;
  const place = own.place(port);
  return place === undefined ? what : `${what} (${place})`;
}

/** The command that frees a port of a service that the cluster file doesn't have. */
export function removalOf({ Spec }: Pick<SwarmService, 'Spec'>, cluster: string, manager: string): string {
  const { Name, Labels } = Spec;
  if (isMarked(Spec, cluster) || Labels?.[STACK_LABEL] !== undefined)
    return `remove it, as swarmup made it: swarmup up --prune`;
  const stack = Labels?.[NAMESPACE_LABEL];
  const argv = stack === undefined ? ['docker', 'service', 'rm', Name] : ['docker', 'stack', 'rm', stack];
  return `remove it if it is no longer needed: swarmup ssh ${manager} -- sudo ${quoteThroughSsh(argv)}`;
}
