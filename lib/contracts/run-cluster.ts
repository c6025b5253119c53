import type { Cluster } from '../config/model.ts';
import type { BackupRequest, RestoreRequest } from './backup-request.ts';

/** The cluster that a run is about: as its file describes it, and what the command asks for besides. */
export interface RunCluster extends Cluster {
  readonly request?: CommandRequest;
}

/** What a command asks for besides the cluster file. */
interface CommandRequest {
  /** The manager that `recover` goes on with. */
  readonly recoverWith?: string | undefined;
  readonly backup?: BackupRequest;
  readonly restore?: RestoreRequest;
}
