import type { ServiceSpecification, SwarmService, SwarmTask } from '../contracts/swarm-types.ts';
import { semanticEqual } from './semantic-equal.ts';

/**
 * What an update of ports waits for before it has begun. It replaces all tasks, but the API doesn't tell with which ports a
 * task was made: old ones look as if they were new until the status of the update says more. Sources: swarmkit,
 * manager/orchestrator/task.go, IsTaskDirty compares the endpoint too; manager/controlapi/service.go, UpdateService clears that
 * status, which the updater sets before it replaces the first task. Pure.
 */
export function portUpdateAhead(
  { Spec, PreviousSpec, UpdateStatus, UpdatedAt }: SwarmService,
  tasks: readonly SwarmTask[],
): string | undefined {
  if (UpdateStatus !== undefined || PreviousSpec === undefined || UpdatedAt === undefined) return undefined;
  if (semanticEqual(endpointOf(Spec), endpointOf(PreviousSpec))) return undefined;
  const isOld = ({ CreatedAt }: SwarmTask) => Date.parse(CreatedAt) < Date.parse(UpdatedAt);
  return tasks.some(isOld) ? 'the update of its ports has not begun' : undefined;
}

function endpointOf({ EndpointSpec: { Mode = 'vip', Ports = [] } = {} }: ServiceSpecification): object {
  return { Mode, Ports };
}
