import { workersOf } from '../lib/config/model.ts';
import { leaving, type LeaveState } from '../lib/swarm/leave.ts';
import { defineTask } from '../lib/pipeline/task.ts';
import type { Change } from '../lib/contracts/change.ts';

/** The workers among the hosts that stay: they leave the swarm while managers are there to take note. */
export default defineTask<LeaveState, Change>({
  id: 'leave-workers',
  title: 'Workers have left',
  about: 'Drains the workers that were there before swarmup, and takes them out of the swarm.',
  needs: ['remove-services'],
  targets: (cluster, world) => leaving.targets(workersOf(cluster), world),
  check: leaving.check,
  absent: leaving.absent,
  plan: (state, { target }) => leaving.plan(state, target.id),
  apply: leaving.apply,
});
