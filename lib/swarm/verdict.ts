import type { SwarmService, SwarmTask } from '../contracts/swarm-types.ts';

/** How far a service has come. */
export interface Convergence {
  readonly service: SwarmService;
  readonly desired: number;
  /** Tasks that run the current specification, and those that completed if the service lets tasks complete. */
  readonly running: number;
  /** Running tasks, including those of a previous specification. */
  readonly alive: number;
  /** Slots, or nodes, whose task completed; 0 for a service that restarts what ends. */
  readonly completed: number;
  /** Whether its tasks have to complete, and some of them run: that may take as long as it takes. */
  readonly working: boolean;
  /** Empty when the service has converged; otherwise what is still missing. */
  readonly waitingFor: string;
  /** Some of its tasks, or all, wait for room. */
  readonly shortage: Shortage | undefined;
  /** Why the service will never converge. */
  readonly permanentFailure: PermanentFailure | undefined;
}

/** A service of which some tasks run, and the others wait for a node that has room for them. */
export interface Shortage {
  /** How many tasks have a node. */
  readonly placed: number;
  readonly wanted: number;
  /** The scheduler's message. */
  readonly message: string;
  /** The same as long as nothing changes: neither the tasks, nor the nodes. */
  readonly key: string;
}

export interface PermanentFailure {
  /** The problem, worded to follow the service's name; includes the engine's own message. */
  readonly why: string;
  /** The task whose end explains most. */
  readonly culprit?: SwarmTask | undefined;
}
