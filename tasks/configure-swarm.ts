import type { UnitContext } from '../lib/context.ts';
import { readSwarm, unlockKeyOf, updateSwarm } from '../lib/swarm/settings.ts';
import { keepUnlockKey, keptUnlockKey } from '../lib/swarm/unlock-key.ts';
import { CLUSTER, defineTask, type Change } from '../lib/task.ts';

interface State {
  readonly autolock: boolean;
  /** The unlock key that the swarm has now is kept in the local folder. */
  readonly kept: boolean;
}

type SwarmChange = Change & { readonly kind: 'autolock' | 'keep' };

/** What the swarm as a whole is told: whether managers are locked when they restart. */
export default defineTask<State, SwarmChange>({
  id: 'configure-swarm',
  title: 'Swarm configured',
  about: 'Switches autolock on or off as swarm.autolock says, and keeps the unlock key in the local folder.',
  needs: [{ task: 'set-roles', of: 'all' }],
  targets: (cluster) => (cluster.swarm.autolock === undefined ? [] : [CLUSTER]),
  check: async (ctx) => {
    const manager = await ctx.swarm.manager(ctx.signal);
    const { Spec } = await readSwarm(manager);
    const autolock = Spec.EncryptionConfig?.AutoLockManagers ?? false;
    return { autolock, kept: !autolock || (await hasKey(ctx)) };
  },
  absent: () => ({ autolock: false, kept: true }),
  plan: ({ autolock, kept }, { cluster }) => {
    const wanted = cluster.swarm.autolock ?? autolock;
    if (autolock !== wanted)
      return [{ kind: 'autolock', action: 'update', summary: `autolock ${onOff(autolock)} → ${onOff(wanted)}` }];
    return wanted && !kept ? [{ kind: 'keep', action: 'run', summary: 'keep the unlock key in the local folder' }] : [];
  },
  apply: async (ctx, changes) => {
    const manager = await ctx.swarm.manager(ctx.signal);
    const wanted = ctx.cluster.swarm.autolock ?? false;
    if (changes.some(({ kind }) => kind === 'autolock'))
      await updateSwarm(manager, `switch autolock ${onOff(wanted)}`, (spec) => ({
        ...spec,
        EncryptionConfig: { ...spec.EncryptionConfig, AutoLockManagers: wanted },
      }));
    await keepUnlockKey(ctx.state, await unlockKeyOf(manager));
  },
});

async function hasKey(ctx: UnitContext): Promise<boolean> {
  const [kept, current] = await Promise.all([
    keptUnlockKey(ctx.state, ctx.env),
    unlockKeyOf(await ctx.swarm.manager(ctx.signal)),
  ]);
  return kept !== undefined && kept.reveal() === current?.reveal();
}

function onOff(on: boolean): string {
  return on ? 'on' : 'off';
}
