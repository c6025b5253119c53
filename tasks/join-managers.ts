import { managersOf } from '../lib/config/model.ts';
import { joining, type JoinState } from '../lib/swarm/join.ts';
import { defineTask } from '../lib/pipeline/task.ts';
import { onNodes } from '../lib/contracts/target.ts';
import type { Change } from '../lib/contracts/change.ts';

/**
 * Joins the other managers, one at a time: each join changes the quorum. By hand (docs/guide.md): `docker swarm join`
 * as a manager.
 */
export default defineTask<JoinState, Change>({
  id: 'join-managers',
  title: 'Managers joined',
  about: 'Joins the other managers, one at a time, and waits until each is ready.',
  needs: ['install-docker', 'unlock-managers', { task: 'collect-token', of: 'all' }],
  limit: 1,
  targets: (cluster) => onNodes(managersOf(cluster).slice(1)),
  check: joining.check,
  absent: joining.absent,
  plan: (state, { target }) => joining.plan(state, 'manager', target.id),
  apply: (ctx, _changes, state) => joining.apply(ctx, 'manager', state),
});
