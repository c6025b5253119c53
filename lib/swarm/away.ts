import type { SwarmNode } from '../contracts/swarm-types.ts';
import { nameOf } from './read.ts';

/** A node that the managers don't hear from, or a manager that the leader doesn't reach. */
function isAway({ Status, ManagerStatus }: SwarmNode): boolean {
  return Status.State !== 'ready' || (ManagerStatus !== undefined && ManagerStatus.Reachability !== 'reachable');
}

/**
 * Since when a node is in its state, for messages: " since 2026-11-27 14:03 UTC"; empty when the managers don't say. They
 * update a node when its state changes, and otherwise only when somebody configures it. Source: GET /nodes, UpdatedAt.
 */
export function sinceWhen({ UpdatedAt }: Pick<SwarmNode, 'UpdatedAt'>): string {
  const at = UpdatedAt === undefined ? Number.NaN : Date.parse(UpdatedAt);
  return Number.isNaN(at) ? '' : ` since ${new Date(at).toISOString().slice(0, 16).replace('T', ' ')} UTC`;
}

/** The nodes that are away, with their states and since when: "w1 (down since 2026-11-27 14:03 UTC)". Empty when none is. */
export function awayOf(nodes: readonly SwarmNode[]): string {
  return nodes
    .filter(isAway)
    .map((node) => {
      const state = node.Status.State === 'ready' ? (node.ManagerStatus?.Reachability ?? '') : node.Status.State;
      return `${nameOf(node)} (${state}${sinceWhen(node)})`;
    })
    .join(', ');
}

/** What was seen in a wait, with the nodes that are away. */
export function withAway(seen: string, nodes: readonly SwarmNode[]): string {
  const away = awayOf(nodes);
  return away === '' ? seen : `${seen}; away: ${away}`;
}
