import type { Secret } from '../util/secret.ts';
import type { Engine } from './engine.ts';
import type { SwarmNode } from './swarm-types.ts';

export interface JoinTokens {
  readonly manager: Secret;
  readonly worker: Secret;
}

/** The swarm as its managers know it. */
export interface SwarmAccess {
  /** The engine of a manager that has a leader. @throws SWARM_NO_MANAGER, SWARM_NO_QUORUM */
  manager(signal: AbortSignal): Promise<Engine>;
  /** Like `manager`, but never this node: for requests that it can't serve itself. */
  managerBeside(node: string, signal: AbortSignal): Promise<Engine>;
  /** Forgets which manager answered, so that the next caller looks for one again. */
  forgetManager(): void;
  /** The join tokens, read once per run; kept in memory only. */
  joinTokens(signal: AbortSignal): Promise<JoinTokens>;
  /** Whether swarmup made the swarm for the cluster of this name; an existing swarm is left unmarked. */
  isOurs(signal: AbortSignal): Promise<boolean>;
  /** Forgets the tokens after a rotation, so that the next caller reads them again. */
  forgetTokens(): void;
  /** The managers' addresses for joining, `host:2377`. */
  joinAddresses(signal: AbortSignal): Promise<readonly string[]>;
  /** The nodes as the managers see them now; concurrent callers share one request. */
  nodes(signal: AbortSignal): Promise<readonly SwarmNode[]>;
  /** The node of this name as the managers see it. */
  nodeByName(name: string, signal: AbortSignal): Promise<SwarmNode | undefined>;
}
