import type { Cluster } from '../config/model.ts';
import type { BackupRequest, RestoreRequest } from './backup-request.ts';

/** The cluster of a run: as its file describes it, with what the command requests in addition. */
export interface RunCluster extends Cluster {
  readonly request?: CommandRequest;
}

/** What a command requests in addition to the cluster file. */
interface CommandRequest {
  /** The manager that `recover` rebuilds the swarm from. */
  readonly recoverWith?: string | undefined;
  readonly backup?: BackupRequest;
  readonly restore?: RestoreRequest;
  readonly rerun?: RerunRequest;
  /** Newer images under the same tags are looked up and rolled out. */
  readonly pull?: boolean;
}

/** The jobs of the cluster are to run again. */
export interface RerunRequest {
  /** The ForceUpdate of each service when the run first saw it: the mark by which a job is started only once per run. */
  readonly forcedBefore: Map<string, number>;
}
