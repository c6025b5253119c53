import type { Engine } from '../contracts/engine.ts';
import { NAME_LABEL } from './labels.ts';
import type { SwarmNode, SwarmService, SwarmTask } from '../contracts/swarm-types.ts';

/** Requests to the managers, with the types that dockerode doesn't define. */

/** A node's name in the cluster file: its host name, unless swarmup labelled it with another name. */
export function nameOf({ Spec, Description }: Pick<SwarmNode, 'Spec' | 'Description'>): string {
  return Spec.Labels?.[NAME_LABEL] ?? Description.Hostname;
}

export function listNodes(manager: Engine): Promise<readonly SwarmNode[]> {
  return manager.call('list the nodes', (docker): Promise<readonly SwarmNode[]> => docker.listNodes());
}

export function listServices(
  manager: Engine,
  filters: Readonly<Record<string, readonly string[]>> = {},
): Promise<readonly SwarmService[]> {
  return manager.call('list the services', async (docker): Promise<readonly SwarmService[]> => {
    const services: unknown = await docker.listServices({ filters: JSON.stringify(filters) });
    // eslint-disable-next-line typescript/no-unsafe-type-assertion -- the same objects, with what swarmup reads marked as present
    return services as readonly SwarmService[];
  });
}

export function listTasks(
  manager: Engine,
  filters: Readonly<Record<string, readonly string[]>> = {},
): Promise<readonly SwarmTask[]> {
  return manager.call('list the tasks', (docker): Promise<readonly SwarmTask[]> =>
    docker.listTasks({ filters: JSON.stringify(filters) }),
  );
}

/** The service with exactly this name (the engine's own filter matches prefixes). */
export async function serviceByName(manager: Engine, name: string): Promise<SwarmService | undefined> {
  const services = await listServices(manager, { name: [name] });
  return services.find((service) => service.Spec.Name === name);
}
