import type { Secret } from '../lib/util/secret.ts';
import { managersOf } from '../lib/config/model.ts';
import { localSwarm } from '../lib/swarm/local-state.ts';
import { isLeftBehind } from '../lib/swarm/abandoned-managers.ts';
import { noKeyFor, unlockManager } from '../lib/swarm/unlock.ts';
import { keptUnlockKey } from '../lib/swarm/unlock-key.ts';
import { defineTask } from '../lib/pipeline/task.ts';
import { onNodes } from '../lib/contracts/target.ts';
import { updated, type Change } from '../lib/contracts/change.ts';

interface State {
  readonly locked: boolean;
  readonly key: Secret | undefined;
}

/** Unlocks managers: with autolock, a restarted manager waits for the key. */
export default defineTask<State, Change>({
  id: 'unlock-managers',
  title: 'Managers unlocked',
  about: 'Unlocks managers that restarted while autolock is on, with the key from the local folder or the environment.',
  needs: ['install-docker', { task: 'restore-swarm', of: 'all' }],
  targets: (cluster) => onNodes(managersOf(cluster)),
  check: async (ctx) => {
    const local = await localSwarm(await ctx.engine());
    // A manager that a recovery left behind has another key, and has to leave anyway.
    const locked = local.state === 'locked' && !(await isLeftBehind(ctx, local));
    return { locked, key: locked ? await keptUnlockKey(ctx.state, ctx.env) : undefined };
  },
  absent: () => ({ locked: false, key: undefined }),
  plan: ({ locked, key }, { target }) => {
    if (!locked) return [];
    if (!key) throw noKeyFor(target.id);
    return [updated(['nodes', target.id, 'locked'], true, false)];
  },
  apply: async (ctx, _changes, { key }) => {
    if (key) await unlockManager(ctx, ctx.node.name, key);
  },
});
