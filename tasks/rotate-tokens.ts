import { createHash } from 'node:crypto';
import { readSwarm, updateSwarm } from '../lib/swarm/settings.ts';
import type { SwarmNode } from '../lib/contracts/swarm-types.ts';
import { CLUSTER } from '../lib/contracts/target.ts';
import { defineTask } from '../lib/pipeline/task.ts';
import { updated, type Change } from '../lib/contracts/change.ts';

interface State {
  /** The hash of the nodes that existed when the tokens were last rotated. */
  readonly rotatedFor: string;
  readonly members: string;
}

/** On the swarm: the members for which the tokens were last rotated. */
const TOKENS_LABEL = 'swarmup.tokens';

/** Rotates join tokens after they were used, so that anyone who has seen them can't use them. */
export default defineTask<State, Change>({
  id: 'rotate-tokens',
  title: 'Join tokens rotated',
  about:
    'Rotates the join tokens when nodes have joined or left since the last rotation, if swarm.rotateTokens is set.',
  needs: [{ task: 'set-roles', of: 'all' }, 'configure-swarm'],
  targets: (cluster) => (cluster.swarm.rotateTokens ? [CLUSTER] : []),
  check: async (ctx) => {
    const [{ Spec }, nodes] = await Promise.all([
      readSwarm(await ctx.swarm.manager(ctx.signal)),
      ctx.swarm.nodes(ctx.signal),
    ]);
    return { rotatedFor: Spec.Labels?.[TOKENS_LABEL] ?? '', members: fingerprint(nodes) };
  },
  absent: () => ({ rotatedFor: '', members: 'of future nodes' }),
  plan: ({ rotatedFor, members }) =>
    rotatedFor === members
      ? []
      : [updated(['swarm', 'joinTokens'], undefined, undefined, { reason: 'nodes have joined or left' })],
  apply: async (ctx, _changes, { members }) => {
    await updateSwarm(
      await ctx.swarm.manager(ctx.signal),
      'rotate the join tokens',
      (spec) => ({ ...spec, Labels: { ...spec.Labels, [TOKENS_LABEL]: members } }),
      { rotateManagerToken: true, rotateWorkerToken: true },
    );
    ctx.swarm.forgetTokens();
  },
});

function fingerprint(nodes: readonly SwarmNode[]): string {
  const ids = nodes.map(({ ID }) => ID).toSorted();
  return createHash('sha256').update(ids.join()).digest('hex').slice(0, 12);
}
