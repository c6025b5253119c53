import type { Cluster, HttpCheck, NodeSpec, ServiceSpec, StackSpec } from '../config/model.ts';
import { fits, traitsOfSpec } from './placement.ts';

/** A page that a service or a stack publishes, and its expected answer. */
export interface Page {
  /** Unique among the pages of a cluster: its port; with the path where several checks ask the same port. */
  readonly id: string;
  /** The service's or the stack's name. */
  readonly of: string;
  readonly check: HttpCheck;
  readonly replicas: number;
  /** Whether the port may answer on a node: with the routing mesh it does on all of them. */
  readonly answersOn: (node: NodeSpec) => boolean;
  /** For a port in host mode: the services, by their names in the swarm, of which one must have a task on the node. */
  readonly hostMode: readonly string[];
  /** Whether a port in host mode may move to another node with its task. */
  readonly moves: boolean;
  /** The stack that publishes the port. */
  readonly stack: StackSpec | undefined;
}

/** All pages that should answer. */
export function pagesOf({ nodes, services, stacks }: Cluster): readonly Page[] {
  const pages = [
    ...services.flatMap((service) => (service.verify ?? []).map((check) => ofService(service, check, nodes.length))),
    ...stacks.flatMap((stack) => (stack.verify ?? []).map((check) => ofStack(stack, check, nodes.length))),
  ];
  const taken = new Set<string>();
  return pages.map((page) => ({ ...page, id: unique(page.check, taken) }));
}

function ofService(service: ServiceSpec, check: HttpCheck, nodes: number): Omit<Page, 'id'> {
  const { name, ports, mode, constraints } = service;
  const hostMode = inHostMode(ports, check);
  return {
    of: name,
    check,
    replicas: hostMode ? 1 : mode === 'global' ? nodes : service.replicas,
    answersOn: (node) => !hostMode || (node.availability === 'active' && fits(traitsOfSpec(node), constraints)),
    hostMode: hostMode ? [name] : [],
    moves: hostMode && mode !== 'global',
    stack: undefined,
  };
}

function ofStack(stack: StackSpec, check: HttpCheck, nodes: number): Omit<Page, 'id'> {
  const inHost = stack.services.filter(({ ports }) => inHostMode(ports, check));
  return {
    of: stack.name,
    check,
    replicas: inHost.length > 0 ? 1 : replicasOf(stack, check, nodes),
    answersOn: () => true,
    hostMode: inHost.map(({ name }) => `${stack.name}_${name}`),
    moves: inHost.length > 0,
    stack,
  };
}

/** The tasks of a stack's service that answer on the port, as its Compose file says. */
function replicasOf({ services, compose }: StackSpec, { port }: HttpCheck, nodes: number): number {
  const own = services.filter(({ ports }) => ports.some(({ published }) => published === port));
  const counts = own.map(({ name }) => {
    const { mode, replicas } = compose.services[name]?.deploy ?? {};
    return mode === 'global' ? nodes : (replicas ?? 1);
  });
  return Math.max(1, ...counts);
}

function inHostMode(
  ports: readonly Pick<ServiceSpec['ports'][number], 'published' | 'mode'>[],
  check: HttpCheck,
): boolean {
  return ports.some(({ published, mode }) => published === check.port && mode === 'host');
}

function unique({ port, path }: HttpCheck, taken: Set<string>): string {
  const names = [`${port}`, `${port}${path}`];
  const free = names.find((name) => !taken.has(name));
  let id = free ?? '';
  for (let n = 2; id === '' || taken.has(id); n++) id = `${port}${path} (${n})`;
  taken.add(id);
  return id;
}
