import type { Cluster } from '../config/model.ts';
import type { Abortable, Engines, Hosts, RunContext } from '../contracts/context.ts';
import type { SwarmService } from '../contracts/swarm-types.ts';
import { listeners } from '../facts/listeners.ts';
import { gather } from '../remote/gather-facts.ts';
import { SwarmupError } from '../util/errors.ts';
import {
  isEngines,
  type ListeningNode,
  type NewPort,
  type PortProblem,
  type PublishingContainer,
} from './port-clash.ts';
import {
  excludes,
  holdsPort,
  ownerInWords,
  portsHeldBy,
  portText,
  publishersOf,
  removalOf,
  type Publisher,
} from './publishers.ts';

/** The ports of the cluster file that its services don't publish yet. Pure. */
export function newPorts(cluster: Cluster, services: readonly SwarmService[]): readonly NewPort[] {
  return publishersOf(cluster).flatMap((publisher) => {
    const running = services.find(({ Spec }) => Spec.Name === publisher.name);
    const held = running ? portsHeldBy(running) : [];
    return publisher.ports
      .filter((port) => !holdsPort(held, port))
      .map((port) => ({
        publisher,
        port,
        nodes: cluster.nodes
          .filter((node) => port.mode === 'ingress' || publisher.mayRunOn(node))
          .map(({ name }) => name),
      }));
  });
}

/**
 * New ports that another service of the swarm has, and keeps: one of the cluster file may be about to give it up. Pure.
 *
 * @param manager the node that removes services
 */
export function ownedPorts(
  wanted: readonly NewPort[],
  services: readonly SwarmService[],
  cluster: Cluster,
  manager: string,
): readonly PortProblem[] {
  const publishers = publishersOf(cluster);
  return wanted.flatMap(({ publisher, port }) => {
    const owner = services.find(
      (one) => one.Spec.Name !== publisher.name && portsHeldBy(one).some((held) => excludes(held, port)),
    );
    const known = publishers.find(({ name }) => name === owner?.Spec.Name);
    if (!owner || (known && !known.ports.some((held) => excludes(held, port)))) return [];
    const place = publisher.place(port);
    return [
      {
        message: `service ${publisher.name} is to publish ${portText(port)}${place === undefined ? '' : ` (${place})`}, and ${ownerInWords(owner, port, publishers)} publishes it already`,
        fix: fixFor(owner, known, cluster.name, manager),
      },
    ];
  });
}

/** How to free a port that a service of the swarm has. */
export function fixFor(
  owner: Pick<SwarmService, 'Spec'>,
  known: Publisher | undefined,
  cluster: string,
  manager: string,
): string {
  if (known) return 'Publish another port for one of the two.';
  return `Publish another port, or ${removalOf(owner, cluster, manager)}`;
}

type Needs = Abortable & Hosts & Engines & Pick<RunContext, 'cluster' | 'machines'>;

/** Asks the nodes on which ports have to be free for what listens there. A node that can't be asked is left out. */
export async function listeningNodes(ctx: Needs, wanted: readonly NewPort[]): Promise<readonly ListeningNode[]> {
  const names = [...new Set(wanted.flatMap(({ nodes }) => nodes))];
  const asked = names.filter((name) => ctx.machines.get(name)?.state === 'running');
  const found = await Promise.all(
    asked.map(async (name): Promise<ListeningNode | undefined> => {
      try {
        const { listeners: all } = await gather(await ctx.host(name), { listeners }, ctx.signal);
        const own = all.filter(({ port }) => wanted.some(({ port: { published } }) => published === port));
        return { name, listeners: own, containers: own.some(isEngines) ? await publishingContainers(ctx, name) : [] };
      } catch (error) {
        ctx.signal.throwIfAborted();
        // It fails in a step of its own.
        if (error instanceof SwarmupError) return undefined;
        throw error;
      }
    }),
  );
  return found.filter((one) => one !== undefined);
}

/** Source: the response to GET /containers/json. */
interface ListedContainer {
  readonly Id: string;
  readonly Names?: readonly string[] | null;
  readonly Labels?: Readonly<Record<string, string>> | null;
  readonly Ports?: readonly { readonly PublicPort?: number; readonly Type?: string }[] | null;
}

/** The containers of a node that publish ports, without the swarm's own tasks. */
async function publishingContainers(ctx: Engines, node: string): Promise<readonly PublishingContainer[]> {
  const engine = await ctx.engine(node);
  const all = await engine.call('list the containers', (docker): Promise<readonly ListedContainer[]> =>
    docker.listContainers(),
  );
  return all
    .filter(({ Labels }) => Labels?.['com.docker.swarm.task.id'] === undefined)
    .map(({ Id, Names, Ports }) => ({
      name: Names?.[0]?.replace(/^\//, '') ?? Id.slice(0, 12),
      ports: (Ports ?? []).flatMap(({ PublicPort, Type }) =>
        PublicPort !== undefined && (Type === 'tcp' || Type === 'udp' || Type === 'sctp')
          ? [{ published: PublicPort, protocol: Type }]
          : [],
      ),
    }));
}

/** All problems of ports as one error. @param problems at least one */
export function portsTaken(problems: readonly PortProblem[]): SwarmupError {
  const [first] = problems;
  if (first && problems.length === 1) return new SwarmupError('PORT_TAKEN', first.message, { fix: first.fix });
  return new SwarmupError('PORT_TAKEN', `${problems.length} ports that services are to publish are not free`, {
    fix: 'Free each of them, or publish another port.',
    output: problems.map(({ message, fix }) => `- ${message}\n  ${fix}`).join('\n'),
  });
}
