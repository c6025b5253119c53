import type { StackSpec } from '../config/model.ts';
import { NO_NAMES } from './fields/field.ts';
import { stackDrift, type Running } from './stack-drift.ts';
import { effective } from './stack-spec/effective.ts';
import { scoped } from './stack-spec/names.ts';
import { PINNED_LABEL, STACK_LABEL, stackHash, type ObjectNames } from './stack.ts';

/** The names of the stack's services whose deployment doesn't match the files and their additions. */
export function staleServices(stack: StackSpec, running: Running, objects: ObjectNames): readonly string[] {
  const { services, additions } = running;
  const hash = stackHash(stack, objects);
  const adoptable = adoptableIn(stack, running, objects);
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
function adoptableIn(
  stack: StackSpec,
  { services, additions, names = NO_NAMES }: Running,
  objects: ObjectNames,
): ReadonlySet<string> {
  if (stack.references.some(({ kind }) => kind !== 'env_file')) return new Set();
  const drift = stackDrift(stack.name, effective(stack, additions, objects), services, names);
  const different = new Set(drift.map(({ path: [, , service] }) => service));
  return new Set(stack.services.map(({ name }) => name).filter((name) => !different.has(name)));
}
