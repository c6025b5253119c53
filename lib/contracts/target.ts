import type { NodeSpec } from '../config/model.ts';
import type { RunCluster } from './run-cluster.ts';

/** What one unit of a task works on: the cluster, a node, or an item (a service, a stack), perhaps on a node. */
export interface Target {
  /** Unique within the task; shown to the user and used by the JSON output. */
  readonly id: string;
  readonly node?: string;
  /** Units that come before this one besides what its task needs; those that aren't in the pipeline don't matter. */
  readonly after?: readonly Precedent[];
}

/** A unit of the same or another task. */
export interface Precedent {
  readonly task: string;
  /** The target's ID. */
  readonly target: string;
}

export const CLUSTER: Target = { id: 'cluster' };

/** Everything that `plan` may read besides the state. */
export interface Desired {
  readonly cluster: RunCluster;
  readonly target: Target;
}

/** One target for each of these nodes. */
export function onNodes(nodes: readonly NodeSpec[]): Target[] {
  return nodes.map((node) => ({ id: node.name, node: node.name }));
}
