import type { RunOptions, SelectionOptions } from './options.ts';
import type { Mode, RunResult } from '../contracts/events.ts';
import type { Cluster } from '../config/model.ts';
import type { RunCluster } from '../contracts/run-cluster.ts';
import { clusterOf, withSession } from './session.ts';
import type { Catalogue } from '../pipeline/taskfile.ts';
import { catalogueWith } from './catalogue.ts';
import { openView } from '../render/view.ts';
import { Reporting } from './reporting.ts';
import { runPipeline, underLock, type Held, type PipelineRequest, type Session } from '../pipeline/run-pipeline.ts';
import type { ClusterStatus } from '../swarm/status.ts';
import { writeStderr } from '../render/output.ts';
import { recordLine } from '../render/summary.ts';
import type { Selection } from '../pipeline/graph.ts';
import { SwarmupError } from '../util/errors.ts';
import { expectedOneOf } from '../util/nearest-name.ts';

export type Options = RunOptions & SelectionOptions;

interface PipelineRun {
  readonly pipeline: string;
  readonly mode: Mode;
  readonly options: Options;
  /** Changes the validated cluster before anything is done with it: a scale, an availability. */
  readonly change?: (cluster: Cluster) => RunCluster;
  /** Asked before anything is run; false ends the command. */
  readonly proceed?: (session: Session) => Promise<boolean>;
  /** As `proceed`, with what would change; not asked when nothing would, or it can't be said. */
  readonly agree?: (changes: readonly string[]) => Promise<boolean>;
  /** Leaves a record only when it fails. */
  readonly onlyFailures?: boolean;
}

/** Runs a pipeline with the view and the reports the options ask for. @returns the exit status */
export async function run(
  request: PipelineRun,
  onResult: (result: RunResult) => void = () => undefined,
): Promise<number> {
  const { pipeline, mode, options, change, proceed, agree } = request;
  const loaded = await clusterOf(options);
  const cluster: RunCluster = change ? change(loaded) : loaded;
  const catalogue = await catalogueWith(options.taskfile ?? cluster.taskfile);
  requireKnown('pipeline', pipeline, Object.keys(catalogue.pipelines));
  const selection = selectionOf(options, catalogue, pipeline, cluster);
  await requireNodes(catalogue, pipeline, selection);
  const view = await openView(options);
  const command = process.argv.slice(2).join(' ');
  const reporting = new Reporting({
    cluster,
    command,
    junit: options.junit,
    onlyFailures: request.onlyFailures ?? false,
  });
  const listeners = [view.listener, ...reporting.listeners];
  const { yes, acceptNew } = options;
  return withSession(
    cluster,
    { yes, acceptNew, asRoot: mode === 'apply', listeners, onSecret: reporting.onSecret },
    async (session) => {
      if (proceed && !(await proceed(session))) return 1;
      const work: PipelineRequest = {
        pipeline,
        mode,
        selection,
        keepGoing: options.keepGoing ?? false,
        prune: options.prune ?? false,
      };
      if (agree && !options.yes) {
        const quiet = { ...session, emit: () => undefined };
        const { units } = await runPipeline(catalogue, { ...work, mode: 'plan' }, quiet, undefined);
        const changes = units.flatMap((unit) => unit.changes.map(({ summary }) => summary));
        if (changes.length > 0 && !(await agree(changes))) return 1;
      }
      try {
        let status: Promise<ClusterStatus | undefined> = Promise.resolve(undefined);
        const perform = async (held?: Held) => {
          const ended = await runPipeline(catalogue, work, session, held);
          // Asked for while the lock is given back.
          if (!request.onlyFailures) status = reporting.statusOf(session);
          return ended;
        };
        const lock = { command: pipeline, waitMs: options.lockWait ?? 0 };
        const result = mode === 'apply' ? await underLock(lock, session, perform) : await perform();
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
    },
  );
}

/** The selection flags, with every name checked. @throws SwarmupError UNKNOWN_NAME with the nearest valid one */
function selectionOf(options: Options, catalogue: Catalogue, pipeline: string, cluster: Cluster): Selection {
  const ids = catalogue.pipelines[pipeline] ?? [];
  const nodes = cluster.nodes.map((node) => node.name);
  for (const id of [...(options.only ?? []), ...(options.skip ?? []), options.from, options.to])
    if (id !== undefined) requireKnown('task', id, ids);
  for (const name of options.node ?? []) requireKnown('node', name, nodes);
  if (options.from && options.to && ids.indexOf(options.from) > ids.indexOf(options.to)) {
    throw new SwarmupError('USAGE', `--from ${options.from} comes after --to ${options.to}: nothing is between them`, {
      fix: `The order is: ${ids.join(', ')}.`,
    });
  }
  return {
    ...(options.only ? { only: options.only } : {}),
    ...(options.skip ? { skip: options.skip } : {}),
    ...(options.from ? { from: options.from } : {}),
    ...(options.to ? { to: options.to } : {}),
    ...(options.node ? { nodes: options.node } : {}),
  };
}

/** Some tasks do what nobody wants everywhere. @throws SwarmupError USAGE */
async function requireNodes(catalogue: Catalogue, pipeline: string, { nodes }: Selection): Promise<void> {
  if (nodes?.length) return;
  const explicit = (await catalogue.load(catalogue.pipelines[pipeline] ?? [])).find((task) => task.explicit);
  if (!explicit) return;
  throw new SwarmupError('USAGE', `the pipeline '${pipeline}' needs to be told on which nodes: ${explicit.about}`, {
    fix: 'Name them with --node.',
  });
}

/** @throws SwarmupError UNKNOWN_NAME */
export function requireKnown(kind: string, name: string, valid: readonly string[]): void {
  if (valid.includes(name)) return;
  throw new SwarmupError('UNKNOWN_NAME', `there is no ${kind} '${name}'`, { fix: `${expectedOneOf(name, valid)}.` });
}
