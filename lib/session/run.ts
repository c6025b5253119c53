import { iterate } from '../async/iterate.ts';
import type { Event, RunResult } from '../contracts/events.ts';
import type { RunCluster } from '../contracts/run-cluster.ts';
import { runPipeline, underLock, type Session } from '../pipeline/run-pipeline.ts';
import { withSession, type OpenSession, type SessionOptions } from './open.ts';
import { prepare, type PreparedRun, type RunRequest } from './prepare.ts';

export interface RunOptions extends RunRequest, Omit<SessionOptions, 'signal' | 'listeners' | 'asRoot'> {
  /** From `loadCluster`. */
  readonly cluster: RunCluster;
  /** Aborts the run: what is running is stopped, and the result says that it was interrupted. */
  readonly signal?: AbortSignal;
}

/**
 * Runs a pipeline. Nothing is printed, and nothing is asked unless `prompts` are given.
 *
 * @param pipeline the name of one of `pipelines`, or of one of the task file's
 * @returns every event as it happens. The last event is `run-finished`, and the generator's own result is the same
 * RunResult; failed tasks are in it, they don't throw. Leaving the loop early stops the run cleanly.
 * @throws SwarmupError for errors that keep the run from starting: UNKNOWN_NAME, LOCKED, SSH_HOST_KEY_UNKNOWN, and
 * others
 */
export function run(pipeline: string, options: RunOptions): AsyncGenerator<Event, RunResult, void> {
  return iterate(async (push, left) => {
    const { cluster, signal } = options;
    const prepared = await prepare(pipeline, cluster, options);
    const session: SessionOptions = {
      ...options,
      signal: signal ? AbortSignal.any([signal, left]) : left,
      asRoot: prepared.request.mode === 'apply',
      listeners: [push],
    };
    return withSession(cluster, session, (open) => perform(prepared, open));
  });
}

/** Like `run`, in an open session. */
export function runInSession(prepared: PreparedRun, session: OpenSession): AsyncGenerator<Event, RunResult, void> {
  return iterate(async (push, left) => {
    const stop = session.listen(push);
    try {
      return await perform(prepared, { ...session, signal: AbortSignal.any([session.signal, left]) });
    } finally {
      stop();
    }
  });
}

/** Runs the pipeline; changes are made under the cluster's lock. */
function perform({ catalogue, request, lock }: PreparedRun, session: Session): Promise<RunResult> {
  if (request.mode === 'plan') hint(session);
  if (request.mode !== 'apply') return runPipeline(catalogue, request, session, undefined);
  return underLock(lock, session, (held) => runPipeline(catalogue, request, session, held));
}

/** Warns of what Docker ignores in the stacks' files, and of variables that they won't get. */
function hint({ context, emit }: Session): void {
  for (const message of context.cluster.stacks.flatMap(({ hints }) => hints))
    emit({ type: 'warning', warning: { key: message, message } });
}
