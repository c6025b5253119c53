import type { Managers, RunContext, Work } from '../contracts/context.ts';
import type { Engine } from '../contracts/engine.ts';
import { drainNode } from './drain.ts';
import { leaveSwarm } from './leave-swarm.ts';
import { requireMajorityWithout } from './quorum.ts';
import { listNodes, nameOf } from './read.ts';
import { demote } from './roles.ts';
import type { SwarmNode } from '../contracts/swarm-types.ts';

/** What removing a node needs; managers are demoted one at a time, under the mutex. */
export type NodeRemoval = Work & Managers & Pick<RunContext, 'mutex'>;

/**
 * Removes a node from the swarm without loss: it is drained until it runs nothing, demoted if it is a manager, made to
 * leave if it can be reached, and removed from the list. Completed parts are skipped.
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
  // It has left or is dead, and its tasks run elsewhere: there is nothing left to wait for.
  await manager.call(`remove ${node.name}`, (docker) => docker.getNode(node.id).remove({ force: true }));
}
