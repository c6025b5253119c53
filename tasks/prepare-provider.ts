import type { SharedThings } from '../lib/contracts/provider.ts';
import { CLUSTER } from '../lib/contracts/target.ts';
import { defineTask } from '../lib/pipeline/task.ts';
import { created, type Change } from '../lib/contracts/change.ts';

interface State {
  /** The changes that the provider plans. */
  readonly changes: readonly Change[];
}

/**
 * Makes what machines share, for providers that need it. By hand (docs/guide.md): a key pair and a security group, in
 * the console.
 */
export default defineTask<State, Change>({
  id: 'prepare-provider',
  title: 'Provider ready',
  about:
    'Checks permissions, types and images, and creates what the machines share: key pair, firewall. Only for clouds.',
  needs: [{ task: 'require-swarm', of: 'all' }],
  targets: (_cluster, world) => (world.shares ? [CLUSTER] : []),
  check: async (ctx) => ({ changes: await sharedOf(ctx).plan(ctx.io) }),
  absent: () => ({ changes: [created(['provider'])] }),
  plan: ({ changes }) => changes,
  apply: (ctx) => sharedOf(ctx).apply(ctx.io),
});

function sharedOf({ provider }: { provider: { shared?: SharedThings } }): SharedThings {
  if (provider.shared) return provider.shared;
  throw new Error("this provider's machines share nothing");
}
