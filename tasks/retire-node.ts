import type { UnitContext } from '../lib/contracts/context.ts';
import { hasCode } from '../lib/util/errors.ts';
import { existingMachines, type ExistingState } from '../lib/pipeline/existing-machines.ts';
import { requireMajorityWithout } from '../lib/swarm/quorum.ts';
import { nameOf } from '../lib/swarm/read.ts';
import { removeMachine } from '../lib/swarm/remove-machine.ts';
import type { SwarmNode } from '../lib/contracts/swarm-types.ts';
import { lostWithIt, volumesOn, type LocalVolume } from '../lib/swarm/volumes.ts';
import { defineTask } from '../lib/pipeline/task.ts';
import { onNodes } from '../lib/contracts/target.ts';
import { removed, type Change } from '../lib/contracts/change.ts';

interface State extends ExistingState {
  /** All nodes of the swarm; none if no manager answers. */
  readonly nodes: readonly SwarmNode[];
  /** The volumes of services on its disk. */
  readonly volumes: readonly LocalVolume[];
}

/** Drains a node, removes it from the swarm, and removes its machine: for good, or to recreate it. */
export default defineTask<State, Change>({
  id: 'retire-node',
  title: 'Old machine removed',
  about: 'Drains the node named with --node, and removes it from the swarm with its machine.',
  removes: true,
  needs: [
    { task: 'require-swarm', of: 'all' },
    { task: 'leave-workers', of: 'all', tolerant: true },
    { task: 'leave-managers', of: 'all', tolerant: true },
  ],
  explicit: true,
  limit: 1,
  targets: (cluster) => onNodes(cluster.nodes),
  check: async (ctx) => {
    const [existing, nodes] = await Promise.all([existingMachines.check(ctx), nodesOf(ctx)]);
    return { ...existing, nodes, volumes: nodes.length > 0 ? await volumesOn(ctx, ctx.node.name) : [] };
  },
  absent: () => ({ machine: undefined, nodes: [], volumes: [] }),
  plan: ({ machine, nodes, volumes }, { target }) => {
    if (!machine) return [];
    const members = nodes.filter((node) => nameOf(node) === target.id);
    for (const member of members) requireMajorityWithout(nodes, member);
    if (machine.external && members.length === 0) return [];
    const goes = machine.external
      ? { from: ['node'], reason: 'its machine stays' }
      : { from: ['node', 'machine', 'disk'], reason: lostWithIt(volumes) };
    return [removed(['nodes', machine.name], goes)];
  },
  apply: async (ctx, _changes, { machine, nodes }) => {
    if (machine) await removeMachine(ctx, machine, nodes);
  },
});

async function nodesOf(ctx: UnitContext): Promise<readonly SwarmNode[]> {
  try {
    return await ctx.swarm.nodes(ctx.signal);
  } catch (error) {
    if (!hasCode(error, 'SWARM_NO_MANAGER')) throw error;
    ctx.warn(`${ctx.target.id} is not removed from the swarm before its machine: ${error.message}`, 'no manager');
    return [];
  }
}
