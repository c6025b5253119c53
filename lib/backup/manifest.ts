import type { Engine } from '../contracts/engine.ts';
import { semanticEqual } from '../swarm/semantic-equal.ts';
import { listNetworks } from '../swarm/networks.ts';
import { listObjects } from '../swarm/secrets-and-configs.ts';
import { listNodes, listServices, nameOf } from '../swarm/read.ts';
import type { Kept } from '../contracts/backup-request.ts';

/** In the archive, after all parts. */
export const MANIFEST = 'manifest.json';

/** Everything a swarm's managers keep, as they report it. Secrets come without content: managers never return it. */
export async function keptBy(manager: Engine): Promise<readonly Kept[]> {
  const [services, nodes, networks, objects] = await Promise.all([
    listServices(manager),
    listNodes(manager),
    listNetworks(manager),
    listObjects(manager),
  ]);
  return [
    ...services.map(({ ID, Spec }) => ({ kind: 'service', id: ID, name: Spec.Name, spec: Spec })),
    ...networks.map(({ id, name }) => ({ kind: 'network', id, name, spec: {} })),
    ...objects.map(({ kind, id, name, spec }) => ({ kind, id, name, spec })),
    ...nodes.map((node) => ({ kind: 'node', id: node.ID, name: nameOf(node), spec: node.Spec })),
  ];
}

/**
 * What of a back-up is missing or different after a restore, as sentences. Nodes aren't compared: they are recreated.
 * Pure.
 *
 * @param kept what the back-up says
 * @param now what the managers keep now
 */
export function differencesFrom(kept: readonly Kept[], now: readonly Kept[]): readonly string[] {
  return kept
    .filter(({ kind }) => kind !== 'node')
    .flatMap(({ kind, id, name, spec }) => {
      const found = now.find((one) => one.kind === kind && one.id === id);
      if (!found) return [`${kind} ${name} (${id}) is missing`];
      return semanticEqual(spec, found.spec) ? [] : [`${kind} ${name} differs from the back-up`];
    });
}
