import type { Managers } from '../contracts/context.ts';
import { SwarmupError } from '../util/errors.ts';
import { listNodes, listServices, listTasks, nameOf } from './read.ts';
import type { Mount, SwarmTask } from '../contracts/swarm-types.ts';

/** A named volume on the disk of a node. */
export interface LocalVolume {
  readonly name: string;
  /** The service whose tasks mount it. */
  readonly service: string;
}

/** The volumes of services on a node, which are lost with the node's disk; none if no manager answers. */
export async function volumesOn({ swarm, signal }: Managers, node: string): Promise<readonly LocalVolume[]> {
  try {
    const manager = await swarm.manager(signal);
    const ids = (await listNodes(manager)).filter((one) => nameOf(one) === node).map(({ ID }) => ID);
    if (ids.length === 0) return [];
    const [tasks, services] = await Promise.all([listTasks(manager, { node: ids }), listServices(manager)]);
    const names = new Map(services.map(({ ID, Spec }) => [ID, Spec.Name]));
    return localVolumes(tasks, names);
  } catch (error) {
    // No manager answers. Work that depends on one asks by itself, and reports the reason.
    if (error instanceof SwarmupError) return [];
    throw error;
  }
}

/** Pure. @param services their names by ID; tasks of other services are skipped */
export function localVolumes(
  tasks: readonly SwarmTask[],
  services: ReadonlyMap<string, string>,
): readonly LocalVolume[] {
  const found = tasks.flatMap(({ ServiceID, Spec }) => {
    const service = services.get(ServiceID);
    if (service === undefined) return [];
    return (Spec.ContainerSpec?.Mounts ?? []).filter(isOnNode).map(({ Source = '' }) => ({ name: Source, service }));
  });
  return [...new Map(found.map((volume) => [`${volume.service} ${volume.name}`, volume])).values()];
}

/** A driver other than the engine's own, or options for it, may put a volume where other nodes reach it. */
function isOnNode({ Type, Source, VolumeOptions }: Mount): boolean {
  const { Name = '', Options } = VolumeOptions?.DriverConfig ?? {};
  return Type === 'volume' && Source !== undefined && (Name === '' || Name === 'local') && !hasAny(Options);
}

function hasAny(options: object | null | undefined): boolean {
  return Object.keys(options ?? {}).length > 0;
}

/**
 * The lost volumes, as the reason of a change: "lost with its disk: volume data (of db)". Undefined without volumes.
 */
export function lostWithIt(volumes: readonly LocalVolume[]): string | undefined {
  if (volumes.length === 0) return undefined;
  const list = volumes.map(({ name, service }) => `${name} (of ${service})`).join(', ');
  return `lost with its disk: volume${volumes.length > 1 ? 's' : ''} ${list}`;
}
