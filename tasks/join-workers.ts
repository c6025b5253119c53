import { workersOf } from '../lib/config/model.ts';
import { joining, type JoinState } from '../lib/swarm/join.ts';
import { defineTask } from '../lib/pipeline/task.ts';
import { onNodes } from '../lib/contracts/target.ts';
import type { Change } from '../lib/contracts/change.ts';

/** Joins the workers in parallel. By hand (docs/guide.md): `docker swarm join` as a worker. */
export default defineTask<JoinState, Change>({
  id: 'join-workers',
  title: 'Workers joined',
  about: 'Joins the workers in parallel, and waits until each is ready.',
  needs: ['install-docker', { task: 'collect-token', of: 'all' }],
  targets: (cluster) => onNodes(workersOf(cluster)),
  check: joining.check,
  absent: joining.absent,
  plan: (state, { target }) => joining.plan(state, 'worker', target.id),
  apply: (ctx, _changes, state) => joining.apply(ctx, 'worker', state),
});
