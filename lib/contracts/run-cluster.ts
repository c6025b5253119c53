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
}
