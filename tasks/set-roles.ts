import type { Cluster, Role } from '../lib/config/model.ts';
import { demote, promote } from '../lib/swarm/roles.ts';
import { requireMajorityWithout } from '../lib/swarm/quorum.ts';
import { nameOf } from '../lib/swarm/read.ts';
import type { SwarmNode } from '../lib/contracts/swarm-types.ts';
import { CLUSTER } from '../lib/contracts/target.ts';
import { defineTask } from '../lib/pipeline/task.ts';
import { updated, type Change } from '../lib/contracts/change.ts';

interface State {
  readonly nodes: readonly SwarmNode[];
}

type RoleChange = Change & { readonly node: SwarmNode };

/**
 * New managers are promoted before others are demoted, one at a time, and the leader last, so that there is always a
 * majority.
 */
export default defineTask<State, RoleChange>({
  id: 'set-roles',
  title: 'Roles as configured',
  about: 'Promotes and demotes nodes one at a time, in an order that never loses the majority of managers.',
  needs: [
    'init-manager',
    'collect-token',
    { task: 'join-managers', of: 'all', tolerant: true },
    { task: 'join-workers', of: 'all', tolerant: true },
  ],
  targets: () => [CLUSTER],
  check: async (ctx) => ({ nodes: await ctx.swarm.nodes(ctx.signal) }),
  absent: () => ({ nodes: [] }),
  plan: ({ nodes }, { cluster }) => {
    const promotions = wrong(nodes, cluster, 'worker').map((node) => change(node, 'manager'));
    const demotions = wrong(nodes, cluster, 'manager').toSorted(leaderLast);
    let then = nodes.map((node) => (promotions.some((one) => one.node === node) ? asManager(node) : node));
    for (const node of demotions) {
      requireMajorityWithout(then, node);
      then = then.filter(({ ID }) => ID !== node.ID);
    }
    return [...promotions, ...demotions.map((node) => change(node, 'worker'))];
  },
  apply: async (ctx, changes) => {
    for (const { node } of changes) {
      ctx.signal.throwIfAborted();
      if (node.Spec.Role === 'worker') await promote(ctx, node);
      else await demote(ctx, node);
    }
  },
});

/** Nodes with this role that should have the other. */
function wrong(nodes: readonly SwarmNode[], cluster: Cluster, role: SwarmNode['Spec']['Role']): readonly SwarmNode[] {
  const wanted = new Map(cluster.nodes.map((node) => [node.name, node.role]));
  return nodes.filter((node) => {
    const should = wanted.get(nameOf(node));
    return node.Spec.Role === role && should !== undefined && should !== role && node.Status.State === 'ready';
  });
}

function leaderLast(one: SwarmNode, other: SwarmNode): number {
  return Number(one.ManagerStatus?.Leader ?? false) - Number(other.ManagerStatus?.Leader ?? false);
}

function change(node: SwarmNode, to: Role): RoleChange {
  return { ...updated(['nodes', nameOf(node), 'role'], node.Spec.Role, to), node };
}

function asManager(node: SwarmNode): SwarmNode {
  return { ...node, ManagerStatus: { Reachability: 'reachable', Addr: '' } };
}
