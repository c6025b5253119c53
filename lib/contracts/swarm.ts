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
  /** As `manager`, but another than this node: for what can't be asked of it itself. */
  managerBeside(node: string, signal: AbortSignal): Promise<Engine>;
  /** Forgets which manager answered, so that the next caller looks for one again. */
  forgetManager(): void;
  /** The join tokens, asked for once a run; kept in memory only. */
  joinTokens(signal: AbortSignal): Promise<JoinTokens>;
  /** Whether swarmup made the swarm, for the cluster of this name; one that was there before is left unmarked. */
  isOurs(signal: AbortSignal): Promise<boolean>;
  /** Forgets tokens, so that the next caller asks again (after they were rotated). */
  forgetTokens(): void;
  /** The addresses managers are joined through, `host:2377`. */
  joinAddresses(signal: AbortSignal): Promise<readonly string[]>;
  /** The nodes as the managers see them now; asked once for all who ask at the same time. */
  nodes(signal: AbortSignal): Promise<readonly SwarmNode[]>;
  /** The node of this name as the managers see it. */
  nodeByName(name: string, signal: AbortSignal): Promise<SwarmNode | undefined>;
}
