import type { Engine } from '../../contracts/engine.ts';
import type { SwarmService } from '../../contracts/swarm-types.ts';
import { asList, asObject, text, type Names } from '../../swarm/fields/field.ts';
import { valueAt } from '../../swarm/fields/paths.ts';
import { nodesOwnNetworks, type SwarmNetwork } from '../../swarm/networks.ts';
import { listObjects } from '../../swarm/secrets-and-configs.ts';

/** The names of everything that services refer to by ID. */
export async function allNames(
  manager: Engine,
  services: readonly SwarmService[],
  networks: readonly SwarmNetwork[],
): Promise<Names> {
  const known = new Map(networks.map(({ id, name }) => [id, name]));
  const others = services.flatMap(targetsOf).filter((target) => !known.has(target));
  const [objects, nodesOwn] = await Promise.all([
    listObjects(manager),
    others.length > 0 ? nodesOwnNetworks(manager, ['host', 'none', 'bridge']) : [],
  ]);
  for (const { id, name } of nodesOwn) known.set(id, name);
  return { networks: known, objects: new Map(objects.map(({ id, kind, name }) => [`${kind} ${name}`, id])) };
}

function targetsOf({ Spec }: SwarmService): string[] {
  return asList(valueAt(Spec, ['TaskTemplate', 'Networks'])).map((one) => text(asObject(one)['Target']));
}
