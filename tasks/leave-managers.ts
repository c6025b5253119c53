import { managersOf } from '../lib/config/model.ts';
import { leaving, type LeaveState } from '../lib/swarm/leave.ts';
import { defineTask } from '../lib/pipeline/task.ts';
import type { Change } from '../lib/contracts/change.ts';

/** Makes the managers on existing hosts leave, one at a time and the first one last: the swarm ends with it. */
export default defineTask<LeaveState, Change>({
  id: 'leave-managers',
  title: 'Managers have left',
  about: 'Demotes the managers on existing hosts, one at a time, and removes them from the swarm.',
  removes: true,
  needs: [{ task: 'leave-workers', of: 'all' }],
  limit: 1,
  targets: (cluster, world) => leaving.targets(managersOf(cluster).toReversed(), world),
  check: leaving.check,
  absent: leaving.absent,
  plan: (state, { target }) => leaving.plan(state, target.id),
  apply: leaving.apply,
});
