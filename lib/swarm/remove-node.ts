import type { Managers, RunContext, Work } from '../contracts/context.ts';
import type { Engine } from '../contracts/engine.ts';
import { drainNode } from './drain.ts';
import { leaveSwarm } from './leave-swarm.ts';
import { requireMajorityWithout } from './quorum.ts';
import { listNodes, nameOf } from './read.ts';
import { demote } from './roles.ts';
import type { SwarmNode } from '../contracts/swarm-types.ts';

/** What it takes to remove a node; managers are demoted one at a time, under the mutex. */
export type NodeRemoval = Work & Managers & Pick<RunContext, 'mutex'>;

/**
 * Takes a node out of the swarm so that nothing is lost: drained until it runs nothing, demoted if it was a manager,
 * made to leave if it can be reached, and removed from the list. Any part that is done already is passed over.
 *
 * @param engine the node's own engine, when its machine runs
 * @throws SwarmupError QUORUM_AT_RISK before anything is changed
 */
export async function removeNode(ctx: NodeRemoval, found: SwarmNode, engine: Engine | undefined): Promise<void> {
  const node = { name: nameOf(found), id: found.ID };
  const manager = await ctx.swarm.managerBeside(node.name, ctx.signal);
  requireMajorityWithout(await listNodes(manager), found);
  if (found.Status.State === 'ready') {
    ctx.report(`draining ${node.name}`);
    await drainNode(ctx, manager, node);
  }
  if (found.Spec.Role === 'manager') await demote(ctx, found);
  if (engine) {
    ctx.report(`${node.name} leaves the swarm`);
    await leaveSwarm(ctx, engine);
  }
  // It left or it is dead, and its tasks are elsewhere: there is nothing to wait for any more.
  await manager.call(`remove ${node.name}`, (docker) => docker.getNode(node.id).remove({ force: true }));
}
