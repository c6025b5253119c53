import type { UnitContext } from '../lib/contracts/context.ts';
import { differingOptions, hasOptions, type OptionChange } from '../lib/swarm/options.ts';
import { readSwarm, unlockKeyOf, updateSwarm, type SwarmSpec } from '../lib/swarm/settings.ts';
import { isKeptElsewhere, keepUnlockKey, knownUnlockKeys } from '../lib/swarm/unlock-key.ts';
import { CLUSTER } from '../lib/contracts/target.ts';
import { defineTask } from '../lib/pipeline/task.ts';
import { step, type Change } from '../lib/contracts/change.ts';

interface State {
  readonly spec: SwarmSpec;
  /**
   * Whether the swarm's current unlock key is stored in the state folder or was shown to the user, or there is none.
   */
  readonly kept: boolean;
}

type SwarmChange = Change & Partial<Pick<OptionChange, 'write'>>;

/** Settings of the whole swarm: whether managers are locked when they restart, how often nodes report, and so on. */
export default defineTask<State, SwarmChange>({
  id: 'configure-swarm',
  title: 'Swarm configured',
  about: 'Sets options of the whole swarm, such as autolock, and stores the unlock key in the local folder.',
  needs: [{ task: 'set-roles', of: 'all' }],
  targets: ({ swarm }) => (hasOptions(swarm) ? [CLUSTER] : []),
  check: async (ctx) => {
    const { Spec: spec } = await readSwarm(await ctx.swarm.manager(ctx.signal));
    return { spec, kept: !isLocking(spec) || (await hasKey(ctx)) };
  },
  absent: () => ({ spec: {}, kept: true }),
  plan: ({ spec, kept }, { cluster }) => {
    const changes: SwarmChange[] = [...differingOptions(spec, cluster.swarm)];
    if (!kept && cluster.swarm.autolock === true) changes.push(step(['swarm', 'unlockKey'], 'keep'));
    return changes;
  },
  apply: async (ctx, changes) => {
    const manager = await ctx.swarm.manager(ctx.signal);
    const writes = changes.flatMap(({ write }) => write ?? []);
    if (writes.length > 0)
      await updateSwarm(manager, 'configure the swarm', (spec) => writes.reduce((now, write) => write(now), spec));
    const key = await unlockKeyOf(manager);
    if (ctx.cluster.swarm.autolock !== undefined && !(key && (await isKeptElsewhere(ctx.state))))
      await keepUnlockKey(ctx.state, key);
  },
});

function isLocking({ EncryptionConfig }: SwarmSpec): boolean {
  return EncryptionConfig?.AutoLockManagers ?? false;
}

async function hasKey(ctx: UnitContext): Promise<boolean> {
  if (await isKeptElsewhere(ctx.state)) return true;
  const [known, current] = await Promise.all([
    knownUnlockKeys(ctx.state, ctx.env),
    unlockKeyOf(await ctx.swarm.manager(ctx.signal)),
  ]);
  return known.some((key) => key.reveal() === current?.reveal());
}
