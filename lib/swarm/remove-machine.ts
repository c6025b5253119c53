import type { UnitContext } from '../context.ts';
import type { Machine } from '../providers/provider.ts';
import { nameOf } from './read.ts';
import { removeNode } from './remove-node.ts';

/** Takes a machine away; its node leaves the swarm before. */
export async function removeMachine(ctx: UnitContext, machine: Machine): Promise<void> {
  const manager = await ctx.swarm.manager(ctx.signal);
  const nodes = (await ctx.swarm.nodes(ctx.signal)).filter((node) => nameOf(node) === machine.name);
  for (const node of nodes) {
    const reachable = machine.state === 'running' && node.Status.State === 'ready';
    await removeNode(ctx, manager, node, reachable ? await ctx.engine(machine.name) : undefined);
  }
  await ctx.provider.destroy(machine.name, ctx.io);
  ctx.machines.delete(machine.name);
}
