import { workersOf } from '../lib/config/model.ts';
import { leaving, type LeaveState } from '../lib/swarm/leave.ts';
import { defineTask } from '../lib/pipeline/task.ts';
import type { Change } from '../lib/contracts/change.ts';

/** Makes the workers on existing hosts leave the swarm while there are managers to remove them from it. */
export default defineTask<LeaveState, Change>({
  id: 'leave-workers',
  title: 'Workers have left',
  about: 'Drains the workers on existing hosts, and removes them from the swarm.',
  removes: true,
  needs: ['remove-services'],
  targets: (cluster, world) => leaving.targets(workersOf(cluster), world),
  check: leaving.check,
  absent: leaving.absent,
  plan: (state, { target }) => leaving.plan(state, target.id),
  apply: leaving.apply,
});
