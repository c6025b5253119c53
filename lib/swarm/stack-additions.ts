import type { ComposeService } from '../compose/types.ts';
import type { StackSpec } from '../config/model.ts';
import { Secret } from '../util/secret.ts';
import { literal, replacements, type Placing } from './stack-replacements.ts';
import { PINNED_LABEL, STACK_LABEL, stackHash, type Addition, type ObjectNames } from './stack.ts';

/**
 * What swarmup adds to a stack, as Compose files beside the user's own, which Docker merges with them. Merging costs
 * something: of a service that occurs in two files, Docker keeps one port for each published number, so of 53/tcp and
 * 53/udp only one, and one use of each secret and config (docker/cli, cli/compose/loader/merge.go). So what the user's
 * files don't have goes into a file before them, from which nothing is lost, and a file behind them has only what
 * replaces something of theirs.
 */
export interface AdditionalFiles {
  readonly first: Secret;
  /** Undefined when nothing is replaced. */
  readonly last: Secret | undefined;
}

/** Both files. One line of JSON each, which is YAML. They claim the same version as the user's, as merging requires. */
export function additionalFiles(
  stack: StackSpec,
  additions: readonly Addition[],
  objects: ObjectNames,
  placing: Placing,
): AdditionalFiles {
  const { version } = stack;
  const written = (content: object) =>
    new Secret(JSON.stringify({ ...(version === undefined ? {} : { version }), ...content }));
  const last = replacements(stack, additions, objects, placing);
  return {
    first: written({ services: marks(stack, additions, objects) }),
    last: Object.keys(last).length > 0 ? written(last) : undefined,
  };
}

function marks(stack: StackSpec, additions: readonly Addition[], objects: ObjectNames): object {
  const hash = stackHash(stack, objects);
  const services = Object.entries(stack.compose.services).map(([name, service]) => {
    const { node, environment = {}, replicas: kept } = additions.find((one) => one.service === name) ?? {};
    const values = Object.entries(environment).map(([key, value]) => [key, literal(value.reveal())]);
    const { replicas = kept === 0 ? 0 : undefined, ...lost } = lostBehind(service);
    const added = {
      ...lost,
      ...(values.length > 0 ? { environment: Object.fromEntries(values) } : {}),
      deploy: {
        ...(replicas === undefined ? {} : { replicas }),
        labels: { [STACK_LABEL]: hash, ...(node === undefined ? {} : { [PINNED_LABEL]: node }) },
        ...(node === undefined ? {} : { placement: { constraints: [`node.id == ${node}`] } }),
      },
    };
    return [name, added];
  });
  return Object.fromEntries(services);
}

/**
 * The values that count as empty when Docker merges a file behind another, and would be lost: repeated in the first
 * file, they stay.
 */
function lostBehind(service: ComposeService): {
  readonly init?: boolean;
  readonly stop_grace_period?: string;
  readonly replicas?: number;
} {
  return {
    ...(service.init === false ? { init: false } : {}),
    ...(service.stop_grace_period === '0s' ? { stop_grace_period: '0s' } : {}),
    ...(service.deploy?.replicas === 0 ? { replicas: 0 } : {}),
  };
}
