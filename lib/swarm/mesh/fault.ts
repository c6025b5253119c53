import type { Cluster } from '../../config/model.ts';
import type { ErrorCode } from '../../util/errors.ts';

/** Something in the routing mesh that keeps requests from being answered. */
export interface MeshFault {
  readonly code: Extract<ErrorCode, `INGRESS_${string}` | `OVERLAY_${string}`>;
  /** The nodes through which requests fail; first the one that is at fault, if one is. */
  readonly nodes: readonly string[];
  /** The published ports that it concerns; undefined for all. */
  readonly ports?: readonly number[];
  readonly message: string;
  readonly fix: string;
  /** What was found on the nodes, line by line. */
  readonly evidence: readonly string[];
}

/** What a fault and its fix depend on in the cluster file. */
export type MeshSettings = Pick<Cluster, 'nodes' | 'networks'> & {
  readonly swarm: Pick<Cluster['swarm'], 'autolock' | 'dataPathPort'>;
};
