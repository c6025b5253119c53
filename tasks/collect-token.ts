import { CLUSTER } from '../lib/contracts/target.ts';
import { defineTask } from '../lib/pipeline/task.ts';
import type { Change } from '../lib/contracts/change.ts';

/** The join tokens, in memory only: never printed, never in a file or an argument list. */
export default defineTask<undefined, Change>({
  id: 'collect-token',
  title: 'Join tokens collected',
  about: 'Asks a manager for the join tokens and keeps them in memory for the joins.',
  needs: ['init-manager'],
  targets: () => [CLUSTER],
  check: async (ctx) => {
    await ctx.swarm.joinTokens(ctx.signal);
    return undefined;
  },
  absent: () => undefined,
  plan: () => [],
  apply: () => Promise.resolve(),
});
