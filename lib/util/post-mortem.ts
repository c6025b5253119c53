/**
 * What is known about a service that failed, as data: in the error, in `--json` and in the record. lib/render puts it into words. Texts
 * of containers and engines are as they came, but bounded.
 */
export interface PostMortem {
  readonly service: string;
  /** What the error of the first task means, if it is known. */
  readonly cause?: string;
  /** The task that explains most comes first; one for each distinct error. */
  readonly tasks: readonly FailedTask[];
  /** Nodes that can't take another task of the service. Empty unless a task waits for a node. */
  readonly refusals: readonly Refusal[];
  /** What can't be found out, and why. */
  readonly unknown: readonly string[];
  /** Commands that show more. */
  readonly next: readonly string[];
}

/** A task that failed, or that waits for a node. */
export interface FailedTask {
  /** `web.1`, or `web.worker1` of a global service. */
  readonly name: string;
  /** Undefined before it has a node. */
  readonly node?: string;
  /** The node's state, unless it is ready. */
  readonly nodeState?: string;
  readonly state: string;
  readonly error?: string;
  readonly exitCode?: number;
  /** What the exit code means. */
  readonly exit?: string;
  /** How many other tasks have the same error. */
  readonly alike: number;
  /** The last tasks of its slot, the newest first; it is the first of them. */
  readonly history: readonly PastTask[];
  /** The last results of its health check, the newest last. */
  readonly health: readonly HealthResult[];
  /** The last lines that it printed. */
  readonly log?: string;
}

/** A task of a slot's history. Swarm keeps five of a slot, unless configured otherwise. */
export interface PastTask {
  /** When it got into its state, ISO 8601. */
  readonly at: string;
  readonly state: string;
  readonly error?: string;
  readonly exitCode?: number;
}

export interface HealthResult {
  /** When it ended, ISO 8601. */
  readonly at: string;
  readonly exitCode: number;
  readonly output: string;
}

/** A node that can't take a task, and every reason. */
export interface Refusal {
  readonly node: string;
  readonly reasons: readonly string[];
}
