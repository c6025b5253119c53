import type { Secret } from '../lib/secret.ts';
import { SwarmupError } from '../lib/errors.ts';
import { managersOf } from '../lib/config/model.ts';
import { localSwarm } from '../lib/swarm/local.ts';
import { unlock } from '../lib/swarm/settings.ts';
import { keptUnlockKey } from '../lib/swarm/unlock-key.ts';
import { defineTask, onNodes, type Change } from '../lib/task.ts';
import { waitUntil } from '../lib/wait.ts';

interface State {
  readonly locked: boolean;
  readonly key: Secret | undefined;
}

const UNLOCK_MS = 60_000;

/** With autolock, a manager that restarted waits for the key before it takes part again. */
export default defineTask<State, Change>({
  id: 'unlock-managers',
  title: 'Managers unlocked',
  about: 'Unlocks managers that restarted while autolock is on, with the key of the local folder or the environment.',
  needs: ['install-docker'],
  targets: (cluster) => onNodes(managersOf(cluster)),
  check: async (ctx) => {
    const locked = (await localSwarm(await ctx.engine())).state === 'locked';
    return { locked, key: locked ? await keptUnlockKey(ctx.state, ctx.env) : undefined };
  },
  absent: () => ({ locked: false, key: undefined }),
  plan: ({ locked, key }, { target }) => {
    if (!locked) return [];
    if (!key)
      throw new SwarmupError('SWARM_LOCKED', `${target.id} is locked, and its key isn't kept on this computer`, {
        fix: 'Give it: SWARMUP_UNLOCK_KEY=SWMKEY-1-… swarmup up. A manager that is unlocked still tells it: docker swarm unlock-key',
      });
    return [{ action: 'update', summary: `unlock ${target.id}` }];
  },
  apply: async (ctx, _changes, { key }) => {
    if (!key) return;
    const engine = await ctx.engine();
    await unlock(engine, key);
    await waitUntil({
      until: `${ctx.node.name} is unlocked`,
      probe: async () => {
        const { state, error } = await localSwarm(engine);
        return state === 'active' ? { done: undefined } : { seen: `${state} ${error}`.trim() };
      },
      deadlineMs: UNLOCK_MS,
      intervalMs: 300,
      signal: ctx.signal,
      clock: ctx.clock,
      fix: `Its log says more: swarmup ssh ${ctx.node.name} -- sudo journalctl -u docker -n 50`,
    });
  },
});
