import type { StackSpec } from '../config/model.ts';
import type { Change } from '../contracts/change.ts';
import { NO_NAMES, type Names } from './fields/field.ts';
import { stackDrift } from './stack-drift.ts';
import { effective } from './stack-spec/effective.ts';
import { scoped } from './stack-spec/names.ts';
import { driftOf, PINNED_LABEL, STACK_LABEL, stackHash, type Addition, type ObjectNames } from './stack.ts';
import type { SwarmService } from '../contracts/swarm-types.ts';

/** What runs of a stack. */
export interface Running {
  readonly services: readonly Pick<SwarmService, 'Spec'>[];
  readonly additions: readonly Addition[];
  readonly names: Names | undefined;
}

/** What a deployment of a stack would do. */
export interface Due {
  /** The names of the services whose deployment doesn't match the files and their additions. */
  readonly stale: readonly string[];
  /**
   * What a deployment is to put right; with one that is due anyway, everything that it changes in running services.
   */
  readonly drift: readonly Change[];
}

/** Compares what runs of a stack with its files and their additions. */
export function dueOf(stack: StackSpec, running: Running, objects: ObjectNames): Due {
  const { services, additions, names = NO_NAMES } = running;
  const drift = stackDrift(stack.name, effective(stack, additions, objects), services, names);
  const stale = staleServices(stack, running, stackHash(stack, objects), drift);
  const isDue = stale.length > 0;
  return {
    stale,
    drift: drift.filter(({ path: [, , service = ''] }) => isDue || driftOf(stack, service) === 'fix'),
  };
}

function staleServices(
  stack: StackSpec,
  { services, additions }: Running,
  hash: string,
  drift: readonly Change[],
): readonly string[] {
  const adoptable = adoptableIn(stack, drift);
  return stack.services.flatMap(({ name }) => {
    const spec = services.find(({ Spec }) => Spec.Name === scoped(stack.name, name))?.Spec;
    if (!spec) return [name];
    const { node, environment = {} } = additions.find(({ service }) => service === name) ?? {};
    const found = spec.TaskTemplate.ContainerSpec.Env ?? [];
    const isCurrent =
      (spec.Labels?.[STACK_LABEL] === hash || adoptable.has(name)) &&
      spec.Labels?.[PINNED_LABEL] === node &&
      Object.entries(environment).every(([key, value]) => found.includes(`${key}=${value.reveal()}`));
    return isCurrent ? [] : [name];
  });
}

/**
 * Services that run exactly as the files say, even if somebody else deployed them: they needn't be deployed again. Where files have
 * contents of their own, such as those of secrets, only the hash tells whether these are deployed.
 */
function adoptableIn({ services, references }: StackSpec, drift: readonly Change[]): ReadonlySet<string> {
  if (references.some(({ kind }) => kind !== 'env_file')) return new Set();
  const different = new Set(drift.map(({ path: [, , service] }) => service));
  return new Set(services.map(({ name }) => name).filter((name) => !different.has(name)));
}
