import type { RunOptions, SelectionOptions } from './options.ts';
import { drain } from '../async/iterate.ts';
import type { Change } from '../contracts/change.ts';
import type { Mode, RunResult } from '../contracts/events.ts';
import type { Cluster } from '../config/model.ts';
import type { RunCluster } from '../contracts/run-cluster.ts';
import { openView } from '../render/view.ts';
import { writeStderr } from '../render/output.ts';
import { recordLine } from '../render/summary.ts';
import { runPipeline, type Session } from '../pipeline/run-pipeline.ts';
import type { OpenSession } from '../session/open.ts';
import { prepare, type PreparedRun, type RunRequest } from '../session/prepare.ts';
import { runInSession } from '../session/run.ts';
import type { ClusterStatus } from '../swarm/status.ts';
import { omitUndefined } from '../util/omit-undefined.ts';
import { Reporting } from './reporting.ts';
import { runClusterOf, withSession } from './session.ts';

export type Options = RunOptions & SelectionOptions;

interface PipelineRun {
  readonly pipeline: string;
  readonly mode: Mode;
  readonly options: Options;
  /** Changes the validated cluster before the run, such as a scale or an availability. */
  readonly change?: (cluster: Cluster) => RunCluster;
  /** Asked before anything is run; false ends the command. */
  readonly proceed?: (session: Session) => Promise<boolean>;
  /** Like `proceed`, with the planned changes; not called when there are none, or they aren't known. */
  readonly agree?: (changes: readonly Change[]) => Promise<boolean>;
  /** Leaves a record only when it fails. */
  readonly onlyFailures?: boolean;
}

/** Runs a pipeline with the view and the reports the options ask for. @returns the exit status */
export async function run(
  command: PipelineRun,
  onResult: (result: RunResult) => void = () => undefined,
): Promise<number> {
  const { pipeline, mode, options, change, proceed, onlyFailures = false } = command;
  const loaded = await runClusterOf(options);
  const cluster: RunCluster = change ? change(loaded) : loaded;
  const prepared = await prepare(pipeline, cluster, requestOf(mode, options));
  const view = await openView(options);
  const argv = process.argv.slice(2).join(' ');
  const reporting = new Reporting({ cluster, command: argv, junit: options.junit, onlyFailures });
  const { yes, acceptNew } = options;
  const { listeners, onSecret } = reporting;
  return withSession(cluster, { yes, acceptNew, asRoot: mode === 'apply', listeners, onSecret }, async (session) => {
    if (proceed && !(await proceed(session))) return 1;
    if (!(await agreed(command, prepared, session))) return 1;
    try {
      let status: Promise<ClusterStatus | undefined> = Promise.resolve(undefined);
      const result = await drain(runInSession(prepared, session), (event) => {
        view.listener(event);
        // Queried while the lock is being released.
        if (event.type === 'run-finished' && !onlyFailures) status = reporting.statusOf(session);
      });
      onResult(result);
      const record = await reporting.finish(result, await status);
      await view.close({ result, context: session.context, mode, pipeline, record });
      if (result.interrupted) return 130;
      return result.ok ? 0 : 1;
    } catch (error) {
      const record = await reporting.fail();
      if (record) writeStderr(recordLine(record));
      throw error;
    }
  });
}

function requestOf(mode: Mode, options: Options): RunRequest {
  const { only, skip, from, to, node: nodes, keepGoing, prune, lockWait: lockWaitMs, taskfile } = options;
  return { mode, ...omitUndefined({ only, skip, from, to, nodes, keepGoing, prune, lockWaitMs, taskfile }) };
}

/** Whether the user agrees to the planned changes, if the command asks. */
async function agreed({ agree, options }: PipelineRun, prepared: PreparedRun, session: OpenSession): Promise<boolean> {
  if (!agree || options.yes) return true;
  const quiet: Session = { ...session, emit: () => undefined };
  const { units } = await runPipeline(prepared.catalogue, { ...prepared.request, mode: 'plan' }, quiet, undefined);
  const changes = units.flatMap((unit) => unit.changes);
  return changes.length === 0 || agree(changes);
}
