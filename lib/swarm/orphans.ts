import type { Cluster } from '../config/model.ts';
import type { World } from '../contracts/context.ts';
import type { Engine } from '../contracts/engine.ts';
import { isMarked } from './labels.ts';
import { listNodes, listServices, nameOf } from './read.ts';
import { NAMESPACE_LABEL, STACK_LABEL } from './stack.ts';
import type { SwarmNode, SwarmService } from '../contracts/swarm-types.ts';

/** What swarmup made in a swarm and the cluster file no longer names. */
export interface Surplus {
  readonly services: readonly SwarmService[];
  /** Names of stacks. */
  readonly stacks: readonly string[];
  /** Nodes of this cluster whose machines are gone, or no longer known to the provider. */
  readonly nodes: readonly SwarmNode[];
}

/** Names of machines with the cluster's mark that aren't in its file. */
export function surplusMachines(cluster: Cluster, world: World): readonly string[] {
  return [...world.before.keys()].filter((name) => !cluster.nodes.some((node) => node.name === name));
}

/** Finds the surplus through a manager. Only what carries swarmup's labels is ever surplus. */
export async function findSurplus(manager: Engine, cluster: Cluster, world: World): Promise<Surplus> {
  const [services, nodes] = await Promise.all([listServices(manager), listNodes(manager)]);
  // A stack carries no owner: in a swarm that isn't this cluster's, it belongs to others.
  const ours = nodes.some(({ Spec }) => isMarked(Spec, cluster.name));
  const stacks = new Set(ours ? services.flatMap((service) => ownStack(service) ?? []) : []);
  const known = new Set([...cluster.nodes.map((node) => node.name), ...world.before.keys()]);
  return {
    services: services.filter((service) => isSurplus(service, cluster)),
    stacks: [...stacks].filter((name) => !cluster.stacks.some((stack) => stack.name === name)),
    nodes: nodes.filter((node) => isMarked(node.Spec, cluster.name) && !known.has(nameOf(node))),
  };
}

/** The stack of a service, if swarmup deployed it. */
export function ownStack({ Spec }: SwarmService): string | undefined {
  return Spec.Labels?.[STACK_LABEL] === undefined ? undefined : Spec.Labels[NAMESPACE_LABEL];
}

function isSurplus(service: SwarmService, cluster: Cluster): boolean {
  const { Name } = service.Spec;
  const stackName = ownStack(service);
  if (stackName !== undefined) {
    // A service that was removed from a stack's file; stacks removed from the cluster file are removed as a whole.
    const stack = cluster.stacks.find((one) => one.name === stackName);
    return stack !== undefined && !stack.services.some((one) => `${stackName}_${one.name}` === Name);
  }
  return isMarked(service.Spec, cluster.name) && !cluster.services.some((one) => one.name === Name);
}
