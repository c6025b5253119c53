import { createHash } from 'node:crypto';
import { parse, parseDocument } from 'yaml';
import { z } from 'zod';
import type { StackSpec } from '../config/model.ts';
import { Secret } from '../secret.ts';
import type { SwarmNode, SwarmService } from './types.ts';

/** On every service of a stack that swarmup deployed: what its file was. */
export const STACK_LABEL = 'swarmup.stack';
export const NAMESPACE_LABEL = 'com.docker.stack.namespace';
/** On a service that swarmup holds on one node: the node's id. */
export const PINNED_LABEL = 'swarmup.pinned';

/** What swarmup adds to a service of a stack's file. */
export interface Addition {
  /** Its name in the file. */
  readonly service: string;
  /** The id of the only node that it may run on. */
  readonly node?: string | undefined;
  readonly environment: Readonly<Record<string, Secret>>;
}

/** Tells two versions of a stack's file apart. */
export function stackHash(stack: StackSpec): string {
  return createHash('sha256').update(stack.text).digest('hex').slice(0, 16);
}

/** The names of the stack's services that aren't deployed as the file, with what is added to it, has them. */
export function staleServices(
  stack: StackSpec,
  deployed: readonly Pick<SwarmService, 'Spec'>[],
  additions: readonly Addition[],
): readonly string[] {
  const hash = stackHash(stack);
  const names = stack.services.map(({ name }) => name);
  return names.filter((name) => {
    const spec = deployed.find(({ Spec }) => Spec.Name === `${stack.name}_${name}`)?.Spec;
    if (spec?.Labels?.[STACK_LABEL] !== hash) return true;
    const { node, environment = {} } = additions.find(({ service }) => service === name) ?? {};
    if (spec.Labels[PINNED_LABEL] !== node) return true;
    const found = spec.TaskTemplate.ContainerSpec.Env ?? [];
    return Object.entries(environment).some(([key, value]) => !found.includes(`${key}=${value.reveal()}`));
  });
}

/** The Compose file to deploy: the user's own, with swarmup's label on every service, and what is added to some. */
export function labelled(stack: StackSpec, additions: readonly Addition[]): Secret {
  const document = parseDocument(stack.text);
  const { services } = composeSchema.parse(parse(stack.text, { merge: true }));
  for (const { name } of stack.services) {
    const { environment, deploy } = services[name] ?? { deploy: {} };
    const { node, environment: added = {} } = additions.find(({ service }) => service === name) ?? {};
    const at = (...path: string[]) => ['services', name, ...path];
    const pin = node === undefined ? {} : { [PINNED_LABEL]: node };
    document.setIn(at('deploy', 'labels'), extended(deploy.labels, { [STACK_LABEL]: stackHash(stack), ...pin }));
    const revealed = Object.entries(added).map(([key, value]) => [key, value.reveal()]);
    if (revealed.length > 0) document.setIn(at('environment'), extended(environment, Object.fromEntries(revealed)));
    if (node === undefined) continue;
    const { constraints = [], ...placement } = deploy.placement ?? {};
    const all = [...constraints, `node.id == ${node}`];
    document.setIn(at('deploy', 'placement'), { ...placement, constraints: all });
  }
  return new Secret(document.toString());
}

/** Compose allows a map, and a list of KEY=VALUE. */
const mapOrList = z.union([z.array(z.string()), z.record(z.string(), z.unknown())]).nullish();

/** What `labelled` has to know of a service, with all that is merged into it. */
const composeSchema = z.looseObject({
  services: z.record(
    z.string(),
    z.looseObject({
      environment: mapOrList,
      deploy: z
        .looseObject({
          labels: mapOrList,
          placement: z.looseObject({ constraints: z.array(z.string()).optional() }).optional(),
        })
        .prefault({}),
    }),
  ),
});

function extended(found: z.output<typeof mapOrList>, added: Readonly<Record<string, string>>): unknown {
  if (Array.isArray(found)) return [...found, ...Object.entries(added).map((pair) => pair.join('='))];
  return { ...found, ...added };
}

/** The node that a service is held on, where it can't run now: no other may take it over. */
export function awayWithItsNode({ Spec }: SwarmService, nodes: readonly SwarmNode[]): SwarmNode | undefined {
  const id = Spec.Labels?.[PINNED_LABEL];
  return nodes.find((node) => node.ID === id && (node.Status.State !== 'ready' || node.Spec.Availability === 'drain'));
}
