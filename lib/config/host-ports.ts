import type { NodeSpec, ServiceSpec, StackSpec } from './model.ts';
import type { Path } from './locate.ts';
import type { Reporter } from './reporter.ts';

/** A service that publishes ports in host mode. */
interface HostService {
  readonly owner: string;
  readonly ports: readonly string[];
  /** How many nodes it needs, without those that constraints may exclude; 0 if the file doesn't tell. */
  readonly nodes: number;
  readonly place: Path;
}

/**
 * Reports ports in host mode for which there can't be enough nodes: each node runs one task with such a port, of whichever
 * service. Constraints only make it worse, so what is reported can never run.
 */
export function hostPortsFit(
  parts: { readonly services: readonly ServiceSpec[]; readonly stacks: readonly StackSpec[] },
  nodes: readonly NodeSpec[],
  reporter: Reporter,
): void {
  const active = nodes.filter(({ availability }) => availability === 'active').length;
  const all = [
    ...parts.services.map((one) => ofService(one, active)),
    ...parts.stacks.flatMap((one) => ofStack(one, active)),
  ];
  const needed = new Map<string, HostService[]>();
  for (const one of all)
    for (const port of one.ports) {
      const before = needed.get(port) ?? [];
      const sum = (some: readonly HostService[]) => some.reduce((total, { nodes: count }) => total + count, 0);
      needed.set(port, [...before, one]);
      if (sum(before) <= active && sum([...before, one]) > active)
        reporter.wrong(one.place, tooMany(port, before, one, active), HINT);
    }
}

const HINT = 'expected another port, fewer replicas, more nodes, or constraints that keep the services apart';

function tooMany(port: string, before: readonly HostService[], one: HostService, active: number): string {
  const others = before.filter(({ nodes }) => nodes > 0).map(({ owner }) => owner);
  const who = others.length > 0 ? `${others.join(', ')} and ${one.owner} have` : `${one.owner} has`;
  const count = active === 1 ? 'only one node' : `only ${active} nodes`;
  return `${who} more tasks with port ${port} in host mode than there are nodes: ${count} can run tasks, one each`;
}

const hostPorts = (
  ports: readonly { readonly published?: number | undefined; readonly protocol: string; readonly mode: string }[],
) =>
  ports.flatMap(({ published, protocol, mode }) =>
    mode === 'host' && published !== undefined ? [`${published}/${protocol}`] : [],
  );

function ofService({ name, ports, mode, replicas, constraints }: ServiceSpec, active: number): HostService {
  const nodes = mode === 'replicated' ? replicas : mode === 'global' && constraints.length === 0 ? active : 0;
  return { owner: `service ${name}`, ports: hostPorts(ports), nodes, place: ['services', name, 'ports'] };
}

function ofStack({ name: stack, services, compose }: StackSpec, active: number): readonly HostService[] {
  return services.map(({ name, ports, constraints }) => {
    const { mode = 'replicated', replicas = 1 } = compose.services[name]?.deploy ?? {};
    const nodes = mode === 'replicated' ? replicas : mode === 'global' && constraints.length === 0 ? active : 0;
    return {
      owner: `service ${name} of stack ${stack}`,
      ports: hostPorts(ports),
      nodes,
      place: ['stacks', stack, 'file'],
    };
  });
}
