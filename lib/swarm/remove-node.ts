import type { UnitContext } from '../context.ts';
import type { Engine } from '../remote/engine.ts';
import { waitUntil } from '../wait.ts';
import { updateNode, waitUntilEmpty } from './drain.ts';
import { leaveSwarm } from './leave-swarm.ts';
import { listNodes, nameOf } from './read.ts';
import type { SwarmNode } from './types.ts';

const DEMOTE_DEADLINE_MS = 120_000;

/**
 * Takes a node out of the swarm so that nothing is lost: drained until it runs nothing, demoted if it was a manager,
 * made to leave if it can be reached, and removed from the list. Any part that is done already is passed over.
 *
 * @param engine the node's own engine, when its machine runs
 */
export async function removeNode(
  ctx: UnitContext,
  manager: Engine,
  found: SwarmNode,
  engine: Engine | undefined,
): Promise<void> {
  const node = { name: nameOf(found), id: found.ID };
  if (found.Status.State === 'ready') {
    ctx.report(`draining ${node.name}`);
    await updateNode(manager, node, (spec) => ({ ...spec, Availability: 'drain' }));
    await waitUntilEmpty(ctx, manager, node);
  }
  if (found.Spec.Role === 'manager') await demote(ctx, manager, node);
  if (engine) {
    ctx.report(`${node.name} leaves the swarm`);
    await leaveSwarm(ctx, engine);
  }
  // It left or it is dead, and its tasks are elsewhere: there is nothing to wait for any more.
  await manager.call(`remove ${node.name}`, (docker) => docker.getNode(node.id).remove({ force: true }));
}

/** Each change of the managers' number has to be agreed on before the next. */
async function demote(ctx: UnitContext, manager: Engine, node: { name: string; id: string }): Promise<void> {
  ctx.report(`demoting ${node.name}`);
  await updateNode(manager, node, (spec) => ({ ...spec, Role: 'worker' }));
  await waitUntil({
    until: `${node.name} is no manager any more`,
    probe: async () => {
      const now = (await listNodes(manager)).find((one) => one.ID === node.id);
      return now?.ManagerStatus ? { seen: `manager, ${now.ManagerStatus.Reachability}` } : { done: undefined };
    },
    deadlineMs: DEMOTE_DEADLINE_MS,
    intervalMs: 300,
    signal: ctx.signal,
    clock: ctx.clock,
    fix: 'See the managers with swarmup status: more than half of them must be reachable.',
  });
}
