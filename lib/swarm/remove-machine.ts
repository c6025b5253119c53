import type { Engines, Provisioning } from '../contracts/context.ts';
import type { Machine } from '../contracts/provider.ts';
import { nameOf } from './read.ts';
import { removeNode, type NodeRemoval } from './remove-node.ts';
import type { SwarmNode } from '../contracts/swarm-types.ts';

/** Removes a machine, after its node has left the swarm. @param nodes all nodes of the swarm */
export async function removeMachine(
  ctx: NodeRemoval & Engines & Provisioning,
  machine: Machine,
  nodes: readonly SwarmNode[],
): Promise<void> {
  for (const node of nodes.filter((one) => nameOf(one) === machine.name)) {
    const reachable = machine.state === 'running' && node.Status.State === 'ready';
    await removeNode(ctx, node, reachable ? await ctx.engine(machine.name) : undefined);
  }
  await ctx.provider.destroy(machine.name, ctx.io);
  ctx.machines.delete(machine.name);
}
