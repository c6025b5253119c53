import type { ServiceSpec } from '../config/model.ts';
import type { ServiceSpecification } from '../contracts/swarm-types.ts';
import { isJob, mayEnd } from './ending.ts';
import { UPDATE_DEFAULTS } from './fields/policies.ts';
import { semanticEqual } from './semantic-equal.ts';
import type { Convergence } from './verdict.ts';

/** What a failed update of a service that ends does: nothing, as the wait for convergence finds what failed. */
const UNWATCHED = { ...UPDATE_DEFAULTS, FailureAction: 'continue' } as const;

type FilePolicies = Pick<ServiceSpec, 'update' | 'rollback'>;

/**
 * The specification with an update policy for tasks that end. Swarm counts each task that ends while it is watched as a
 * failed update, even if it succeeded: the update would be rolled back, or stay half done. Policies in the file are
 * kept. Source: swarmkit, manager/orchestrator/update.
 *
 * @param look the service before the update: whether its tasks ended
 */
export function withUpdatePolicy(
  spec: ServiceSpecification,
  file: FilePolicies,
  look: Pick<Convergence, 'alive' | 'completed'> | undefined,
): ServiceSpecification {
  if (isJob(spec)) return spec;
  const { UpdateConfig, RollbackConfig } = spec;
  if (ends(spec, look))
    return {
      ...spec,
      ...(file.update ? {} : { UpdateConfig: { ...UPDATE_DEFAULTS, ...UpdateConfig, FailureAction: 'continue' } }),
      ...(file.rollback ? {} : { RollbackConfig: { ...UNWATCHED, ...RollbackConfig, FailureAction: 'continue' } }),
    };
  // It once was such a service.
  const left = !file.update && semanticEqual(UpdateConfig, UNWATCHED);
  return left ? { ...spec, UpdateConfig: UPDATE_DEFAULTS } : spec;
}

/** With on-failure, many services run forever: what counts is what their tasks did. */
function ends(spec: ServiceSpecification, look: Pick<Convergence, 'alive' | 'completed'> | undefined): boolean {
  if (!mayEnd(spec)) return false;
  if (spec.TaskTemplate.RestartPolicy?.Condition === 'none') return true;
  return look !== undefined && (look.completed > 0 || look.alive === 0);
}
