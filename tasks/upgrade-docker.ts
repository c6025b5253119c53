import { onBehalfOf, type UnitContext } from '../lib/contracts/context.ts';
import { requireMajorityDuring } from '../lib/swarm/quorum.ts';
import { spreadOf } from '../lib/swarm/placement.ts';
import { listNodes, listServices, listTasks, nameOf } from '../lib/swarm/read.ts';
import type { SwarmNode } from '../lib/contracts/swarm-types.ts';
import { prepareUpgrade, upgradeNode, upgradeOrder } from '../lib/swarm/upgrade.ts';
import { CLUSTER } from '../lib/contracts/target.ts';
import { defineTask } from '../lib/pipeline/task.ts';
import { updated, type Change } from '../lib/contracts/change.ts';

interface State {
  /** This cluster's existing nodes with another version, in the order of their upgrades. */
  readonly outdated: readonly SwarmNode[];
  /** All nodes of the swarm. */
  readonly nodes: readonly SwarmNode[];
}

type Upgrade = Change & { readonly node: SwarmNode };

/** Upgrades the engines of swarm members, one at a time: the services keep answering. */
export default defineTask<State, Upgrade>({
  id: 'upgrade-docker',
  title: 'Docker upgraded',
  about:
    'Upgrades the nodes of a running swarm to the pinned version of Docker, one at a time and the leader last: drain, upgrade, activate, verify.',
  needs: [
    { task: 'configure-nodes', of: 'all', tolerant: true },
    { task: 'prune', of: 'all', tolerant: true },
    'configure-swarm',
    'rotate-tokens',
  ],
  // New machines get the right version when Docker is installed.
  targets: ({ docker }, { before }) => (docker.version !== undefined && before.size > 0 ? [CLUSTER] : []),
  check: async (ctx) => {
    const nodes = await ctx.swarm.nodes(ctx.signal);
    const own = new Set(ctx.cluster.nodes.map(({ name }) => name));
    const outdated = upgradeOrder(nodes, ctx.cluster.docker.version ?? '').filter((node) => own.has(nameOf(node)));
    for (const node of outdated.filter(isAway))
      ctx.warn(`${nameOf(node)} is ${node.Status.State}, and keeps Docker ${versionOf(node)} until it is back`);
    return { nodes, outdated: outdated.filter((node) => !isAway(node)) };
  },
  absent: () => ({ nodes: [], outdated: [] }),
  plan: ({ nodes, outdated }, { cluster }) => {
    for (const node of outdated) requireMajorityDuring(nodes, node);
    return outdated.map((node) => ({
      ...updated(['nodes', nameOf(node), 'docker', 'version'], versionOf(node), cluster.docker.version),
      node,
    }));
  },
  apply: async (ctx, changes) => {
    const pinned = ctx.cluster.docker.version ?? '';
    // Before the first node is changed, it is certain that every node can get the version.
    const prepared = await Promise.all(changes.map(({ node }) => prepareUpgrade(onBehalfOf(ctx, nameOf(node)), node)));
    for (const one of prepared) {
      ctx.signal.throwIfAborted();
      await upgradeNode(onBehalfOf(ctx, nameOf(one.node)), one, pinned);
    }
    await adviseToRebalance(ctx);
  },
});

function isAway({ Status }: SwarmNode): boolean {
  return Status.State !== 'ready';
}

function versionOf({ Description }: SwarmNode): string {
  return Description.Engine.EngineVersion;
}

/** Tasks aren't moved back: the node upgraded last has none. */
async function adviseToRebalance(ctx: UnitContext): Promise<void> {
  const manager = await ctx.swarm.manager(ctx.signal);
  const [services, tasks, nodes] = await Promise.all([listServices(manager), listTasks(manager), listNodes(manager)]);
  const uneven = services.filter((service) => spreadOf(service, tasks, nodes).uneven).map(({ Spec }) => Spec.Name);
  if (uneven.length > 0)
    ctx.warn(
      `${uneven.join(', ')}: the tasks stay where the upgrade moved them; 'swarmup rebalance' spreads them evenly`,
    );
}
