import { pipelines } from '../../../Taskfile.ts';
import { openCatalogue, type Catalogue } from '../../pipeline/taskfile.ts';
import type { Cluster } from '../../config/model.ts';
import { expectedOneOf } from '../../util/nearest-name.ts';
import { SwarmupError } from '../../util/errors.ts';
import type { Mode, RunResult } from '../../contracts/events.ts';
import type { Selection } from '../../pipeline/graph.ts';
import type { Machine } from '../../contracts/provider.ts';
import { tell } from '../../render/output.ts';
import { confirm } from '../../render/confirm.ts';
import { recordLine } from '../../render/summary.ts';
import { openView } from '../../render/view.ts';
import { runPipeline, underLock, type Held, type PipelineRequest } from '../../pipeline/run-pipeline.ts';
import type { ClusterStatus } from '../../swarm/status.ts';
import type { RunOptions, SelectionOptions } from '../options.ts';
import { Reporting } from '../reporting.ts';
import { clusterOf, withSession, type Session } from '../session.ts';

type Options = RunOptions & SelectionOptions;

interface PipelineRun {
  readonly pipeline: string;
  readonly mode: Mode;
  readonly options: Options;
  /** Changes the validated cluster before anything is done with it: a scale, an availability. */
  readonly change?: (cluster: Cluster) => Cluster;
  /** Asked before anything is run; false ends the command. */
  readonly proceed?: (session: Session) => Promise<boolean>;
  /** As `proceed`, with what would change; not asked when nothing would, or it can't be said. */
  readonly agree?: (changes: readonly string[]) => Promise<boolean>;
  /** Leaves a record only when it fails. */
  readonly onlyFailures?: boolean;
}

/** Everything the file asks for. @returns the exit status */
export function up(options: Options): Promise<number> {
  return run({ pipeline: 'up', mode: 'apply', options });
}

/** Any pipeline by its name, above all the user's own. */
export function runNamed(pipeline: string, options: Options): Promise<number> {
  return run({ pipeline, mode: 'apply', options });
}

export async function plan(options: Options & { detailedExitcode?: boolean }): Promise<number> {
  let changes = 0;
  const status = await run({ pipeline: 'up', mode: 'plan', options, onlyFailures: true }, (result) => {
    changes = result.units.reduce((sum, unit) => sum + unit.changes.length, 0);
  });
  return status === 0 && options.detailedExitcode && changes > 0 ? 3 : status;
}

export function verify(options: Options): Promise<number> {
  return run({ pipeline: 'verify', mode: 'check', options });
}

export function stop(options: Options): Promise<number> {
  return run({ pipeline: 'stop', mode: 'apply', options });
}

export function down(options: Options & { uninstall?: boolean }): Promise<number> {
  const whole = options.uninstall ? 'uninstall' : 'down';
  if (options.uninstall && options.node) {
    throw new SwarmupError('USAGE', '--uninstall is for whole clusters, and --node for some nodes of one', {
      fix: 'Leave one of them out.',
    });
  }
  return run({
    pipeline: options.node ? 'remove' : whole,
    mode: 'apply',
    options,
    onlyFailures: true,
    proceed: async ({ context }) => {
      const machines = [...context.world.before.values()].filter(({ name }) => options.node?.includes(name) ?? true);
      if (options.yes || machines.length === 0) return true;
      return confirm(farewell(machines, options.node !== undefined, context.cluster));
    },
  });
}

/** What `down` would do, as a question. */
function farewell(machines: readonly Machine[], partly: boolean, { name }: Cluster): string {
  const list = (some: readonly Machine[]) => some.map((machine) => machine.name).join(', ');
  const own = machines.filter(({ kept }) => !kept);
  const kept = machines.filter((machine) => machine.kept);
  const whole = partly ? 'of the cluster' : 'and with them the whole cluster';
  const remove = own.length > 0 ? [`Remove ${list(own)} ${whole} ${name}, with everything on them?`] : [];
  const end = partly ? '' : ', which ends with all its services';
  const leave = kept.length > 0 ? [`Take ${list(kept)} out of the swarm of ${name}${end}?`] : [];
  return [...remove, ...leave].join(' ');
}

/** Runs a pipeline with the view and the reports the options ask for. @returns the exit status */
export async function run(
  request: PipelineRun,
  onResult: (result: RunResult) => void = () => undefined,
): Promise<number> {
  const { pipeline, mode, options, change, proceed, agree } = request;
  const loaded = await clusterOf(options);
  const cluster = change ? change(loaded) : loaded;
  const catalogue = await openCatalogue(pipelines, options.taskfile ?? cluster.taskfile);
  known('pipeline', pipeline, Object.keys(catalogue.pipelines));
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
        if (record) tell(recordLine(record));
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
    if (id !== undefined) known('task', id, ids);
  for (const name of options.node ?? []) known('node', name, nodes);
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
export function known(kind: string, name: string, valid: readonly string[]): void {
  if (valid.includes(name)) return;
  throw new SwarmupError('UNKNOWN_NAME', `there is no ${kind} '${name}'`, { fix: `${expectedOneOf(name, valid)}.` });
}
