import { createHash } from 'node:crypto';
import type { StackSpec } from '../config/model.ts';
import { Secret } from '../util/secret.ts';
import type { SwarmNode, SwarmService } from '../contracts/swarm-types.ts';

/** On every service of a stack that swarmup deployed: the hash of the stack's file. */
export const STACK_LABEL = 'swarmup.stack';
export const NAMESPACE_LABEL = 'com.docker.stack.namespace';
/** On a service that swarmup pins to one node: the node's ID. */
export const PINNED_LABEL = 'swarmup.pinned';

/** What swarmup adds to a service of a stack's file. */
export interface Addition {
  /** Its name in the file. */
  readonly service: string;
  /** The ID of the only node that it may run on. */
  readonly node?: string | undefined;
  readonly environment: Readonly<Record<string, Secret>>;
}

/** A hash of a stack's file and of the images that replace those in the file. */
export function stackHash({ text, services }: StackSpec): string {
  const replaced = services.flatMap(({ name, image, imageReplaced }) => (imageReplaced ? [[name, image]] : []));
  const hash = createHash('sha256').update(text);
  if (replaced.length > 0) hash.update(JSON.stringify(replaced));
  return hash.digest('hex').slice(0, 16);
}

/** The names of the stack's services whose deployment doesn't match the file and its additions. */
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

/**
 * A second Compose file, which Docker merges into the user's own: swarmup's label on every service, and the additions
 * to some. One line of JSON, which is YAML. It has the same version as the first, which Docker requires of files that
 * it merges.
 */
export function additionsFile(stack: StackSpec, additions: readonly Addition[]): Secret {
  const hash = stackHash(stack);
  const services = stack.services.map(({ name, image, imageReplaced }) => {
    const { node, environment = {} } = additions.find(({ service }) => service === name) ?? {};
    const values = Object.entries(environment).map(([key, value]) => [key, literal(value.reveal())]);
    const added = {
      ...(imageReplaced ? { image: literal(image) } : {}),
      ...(values.length > 0 ? { environment: Object.fromEntries(values) } : {}),
      deploy: {
        labels: { [STACK_LABEL]: hash, ...(node === undefined ? {} : { [PINNED_LABEL]: node }) },
        ...(node === undefined ? {} : { placement: { constraints: [`node.id == ${node}`] } }),
      },
    };
    return [name, added];
  });
  const { version } = stack;
  return new Secret(
    JSON.stringify({ ...(version === undefined ? {} : { version }), services: Object.fromEntries(services) }),
  );
}

/** A text with escaped dollar signs, in which Docker finds no variables. */
function literal(text: string): string {
  return text.replaceAll('$', '$$$$');
}

/** The node to which a service is pinned, if it can't run there now: no other node may take it over. */
export function awayWithItsNode({ Spec }: SwarmService, nodes: readonly SwarmNode[]): SwarmNode | undefined {
  const id = Spec.Labels?.[PINNED_LABEL];
  return nodes.find((node) => node.ID === id && (node.Status.State !== 'ready' || node.Spec.Availability === 'drain'));
}
