import type { Engines, RunContext, Work } from '../contracts/context.ts';
import { SwarmupError } from '../util/errors.ts';
import type { Secret } from '../util/secret.ts';
import { waitUntil } from '../async/wait-until.ts';
import { localSwarm } from './local-state.ts';
import { unlock } from './settings.ts';
import { keptUnlockKey } from './unlock-key.ts';

const UNLOCK_MS = 60_000;

/**
 * Unlocks a manager that restarted while autolock was on, and waits until it is unlocked.
 * @throws SwarmupError TIMED_OUT
 */
export async function unlockManager(ctx: Engines & Omit<Work, 'report'>, node: string, key: Secret): Promise<void> {
  const engine = await ctx.engine(node);
  await unlock(engine, key);
  await waitUntil({
    until: `${node} is unlocked`,
    probe: async () => {
      const { state, error } = await localSwarm(engine);
      return state === 'active' ? { done: undefined } : { seen: `${state} ${error}`.trim() };
    },
    deadlineMs: UNLOCK_MS,
    intervalMs: 300,
    signal: ctx.signal,
    clock: ctx.clock,
    fix: `Read its log: swarmup ssh ${node} -- sudo journalctl -u docker -n 50`,
  });
}

/** The key for a locked manager. @throws SwarmupError SWARM_LOCKED when it isn't stored here */
export async function requireUnlockKey(
  { state, env }: Pick<RunContext, 'state' | 'env'>,
  node: string,
): Promise<Secret> {
  const key = await keptUnlockKey(state, env);
  if (key) return key;
  throw noKeyFor(node);
}

/** The error for a locked manager whose key isn't known here. */
export function noKeyFor(node: string): SwarmupError {
  return new SwarmupError('SWARM_LOCKED', `${node} is locked, and its key is not stored on this computer`, {
    fix: 'Give the key: SWARMUP_UNLOCK_KEY=SWMKEY-1-… swarmup up. An unlocked manager still prints it: swarmup exec --role manager -- sudo docker swarm unlock-key',
  });
}
