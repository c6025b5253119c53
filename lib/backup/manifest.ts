import { z } from 'zod';
import type { Engine } from '../remote/engine.ts';
import { same } from '../same.ts';
import { listNodes, listServices, nameOf } from '../swarm/read.ts';

/** In the archive, after all parts. */
export const MANIFEST = 'manifest.json';

/** Anything that the managers keep, with what it is made of. */
const objectSchema = z.object({ kind: z.string(), id: z.string(), name: z.string(), spec: z.unknown() });

const partSchema = z.object({
  /** `swarm`, or `volume NODE NAME`. */
  name: z.string(),
  bytes: z.number(),
  sha256: z.string(),
});

export const manifestSchema = z.object({
  format: z.literal(1),
  cluster: z.string(),
  swarmId: z.string(),
  createdAt: z.iso.datetime(),
  /** The manager whose Raft log it is; the one that is restored needs its address. */
  manager: z.object({ name: z.string(), id: z.string(), address: z.string(), engine: z.string() }),
  /** Where autolock was on: what opens the manager's key. */
  unlockKey: z.string().optional(),
  objects: z.array(objectSchema),
  parts: z.array(partSchema),
});

/** What a back-up holds: the last of its entries, as all others are known by then. */
export type Manifest = z.output<typeof manifestSchema>;
export type Part = z.output<typeof partSchema>;
export type Kept = z.output<typeof objectSchema>;

interface Listed {
  readonly ID?: string;
  readonly Id?: string;
  readonly Name?: string;
  readonly Scope?: string;
  readonly Spec?: { readonly Name?: string };
}

/** Networks of every swarm, and those of nodes alone: they are made anew. */
const NOT_KEPT = new Set(['bridge', 'host', 'none', 'docker_gwbridge']);

/** All that a swarm's managers keep, by the managers' own words. Secrets have no content here: no manager tells it. */
export async function keptBy(manager: Engine): Promise<readonly Kept[]> {
  const list = (what: string, ask: Parameters<Engine['call']>[1]) =>
    // eslint-disable-next-line typescript/no-unsafe-type-assertion -- the Engine API's lists have these fields
    manager.call(what, ask) as Promise<readonly Listed[]>;
  const [services, nodes, networks, secrets, configs] = await Promise.all([
    listServices(manager),
    listNodes(manager),
    list('list the networks', (docker) => docker.listNetworks()),
    list('list the secrets', (docker) => docker.listSecrets()),
    list('list the configs', (docker) => docker.listConfigs()),
  ]);
  const overlays = networks.filter(({ Scope, Name = '' }) => Scope === 'swarm' && !NOT_KEPT.has(Name));
  return [
    ...services.map(({ ID, Spec }) => ({ kind: 'service', id: ID, name: Spec.Name, spec: Spec })),
    ...overlays.map(({ Id = '', Name = '' }) => ({ kind: 'network', id: Id, name: Name, spec: {} })),
    ...secrets.map(({ ID = '', Spec }) => ({ kind: 'secret', id: ID, name: Spec?.Name ?? '', spec: Spec })),
    ...configs.map(({ ID = '', Spec }) => ({ kind: 'config', id: ID, name: Spec?.Name ?? '', spec: Spec })),
    ...nodes.map((node) => ({ kind: 'node', id: node.ID, name: nameOf(node), spec: node.Spec })),
  ];
}

/**
 * What of a back-up isn't there again as it was, in words. Nodes are compared by nobody: they are made anew. Pure.
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
      return same(spec, found.spec) ? [] : [`${kind} ${name} is not as it was`];
    });
}
