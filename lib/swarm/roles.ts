import type { Managers, RunContext, Work } from '../contracts/context.ts';
import type { Engine } from '../contracts/engine.ts';
import { waitUntil } from '../async/wait-until.ts';
import { withAway } from './away.ts';
import { updateNode } from './drain.ts';
import { requireMajorityWithout } from './quorum.ts';
import { listNodes, nameOf } from './read.ts';
import type { SwarmNode } from '../contracts/swarm-types.ts';

const CHANGE_MS = 120_000;

/** Promotes a worker, and waits until it is a reachable manager. @throws SwarmupError TIMED_OUT */
export async function promote(ctx: Work & Managers, node: SwarmNode): Promise<void> {
  ctx.report(`promoting ${nameOf(node)}`);
  await change(ctx, node, 'manager');
  await settled(ctx, node, {
    until: `${nameOf(node)} is a reachable manager`,
    reached: (status) => status?.Reachability === 'reachable',
  });
}

/**
 * Demotes a manager, and waits until it has left the Raft group: each membership change has to be committed before the
 * next. One at a time in the whole run.
 *
 * @throws SwarmupError QUORUM_AT_RISK, TIMED_OUT
 */
export async function demote(ctx: Work & Managers & Pick<RunContext, 'mutex'>, node: SwarmNode): Promise<void> {
  await ctx.mutex.take('managers', async () => {
    requireMajorityWithout(await listNodes(await beside(ctx, node)), node);
    ctx.report(`demoting ${nameOf(node)}`);
    await change(ctx, node, 'worker');
    // The manager in use so far may be the demoted one.
    ctx.swarm.forgetManager();
    await settled(ctx, node, {
      until: `${nameOf(node)} is no longer a manager`,
      reached: (status) => status === undefined,
    });
  });
}

/** Another manager: a node that is being demoted can't report on itself. */
function beside({ swarm, signal }: Managers, node: SwarmNode): Promise<Engine> {
  return swarm.managerBeside(nameOf(node), signal);
}

async function change(ctx: Managers, node: SwarmNode, role: SwarmNode['Spec']['Role']): Promise<void> {
  const manager = await beside(ctx, node);
  await updateNode(manager, { name: nameOf(node), id: node.ID }, (spec) => ({ ...spec, Role: role }));
}

interface Settling {
  readonly until: string;
  readonly reached: (status: SwarmNode['ManagerStatus']) => boolean;
}

async function settled(
  ctx: Managers & Pick<Work, 'clock'>,
  node: SwarmNode,
  { until, reached }: Settling,
): Promise<void> {
  await waitUntil({
    until,
    probe: async () => {
      const nodes = await listNodes(await beside(ctx, node));
      const now = nodes.find(({ ID }) => ID === node.ID);
      if (reached(now?.ManagerStatus)) return { done: undefined };
      const seen = now?.ManagerStatus ? `manager, ${now.ManagerStatus.Reachability}` : 'not a manager';
      return { seen: withAway(seen, nodes) };
    },
    deadlineMs: CHANGE_MS,
    intervalMs: 300,
    signal: ctx.signal,
    clock: ctx.clock,
    fix: 'Check the managers with swarmup status: more than half of them must be reachable.',
  });
}
