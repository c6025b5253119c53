import type { Engines, Work } from '../contracts/context.ts';
import { SwarmupError } from '../util/errors.ts';
import { waitUntil } from '../async/wait-until.ts';
import { withAway } from './away.ts';
import { localSwarm } from './local-state.ts';
import { listNodes } from './read.ts';

const BACK_MS = 180_000;

/**
 * Waits until a manager whose engine was restarted is reachable for the other managers again.
 * @throws SwarmupError TIMED_OUT
 */
export async function untilManagerIsBack(ctx: Work & Engines, node: string): Promise<void> {
  await waitUntil({
    until: `${node} is a reachable manager again`,
    probe: async () => {
      try {
        const engine = await ctx.engine(node);
        const { nodeId } = await localSwarm(engine);
        const nodes = await listNodes(engine);
        const seen = nodes.find(({ ID }) => ID === nodeId)?.ManagerStatus?.Reachability ?? 'not among the nodes';
        return seen === 'reachable' ? { done: undefined } : { seen: withAway(seen, nodes) };
      } catch (error) {
        // Until a leader is elected, managers answer with errors.
        if (!(error instanceof SwarmupError)) throw error;
        return { seen: error.message };
      }
    },
    deadlineMs: BACK_MS,
    intervalMs: 500,
    signal: ctx.signal,
    clock: ctx.clock,
    fix: 'Check the managers with swarmup status: more than half of them must be reachable.',
    onSeen: (seen) => ctx.report(`waiting until the manager is back; ${seen}`),
  });
}
