import { pipelines, type PipelineName } from '../../../Taskfile.ts';
import { expectedOneOf } from '../../config/nearest.ts';
import type { Cluster } from '../../config/model.ts';
import { SwarmupError } from '../../errors.ts';
import type { Mode, RunResult } from '../../events.ts';
import { checkTasks, layOut, type Selection } from '../../graph.ts';
import { takeLock } from '../../lock.ts';
import { runUnits } from '../../pipeline.ts';
import { openView, type View } from '../../render/view.ts';
import { confirm } from '../../render/confirm.ts';
import { loadTasks } from '../../tasks.ts';
import type { CommonOptions, SelectionOptions } from '../options.ts';
import { withSession, type Session } from '../session.ts';

type Options = CommonOptions & SelectionOptions;

interface PipelineRun {
  readonly pipeline: PipelineName;
  readonly mode: Mode;
  readonly options: Options;
  readonly change?: (cluster: Cluster) => Cluster;
  /** Asked before anything is run; false ends the command. */
  readonly proceed?: (session: Session) => Promise<boolean>;
}

/** Everything the file asks for. @returns the exit status */
export function up(options: Options): Promise<number> {
  return run({ pipeline: 'up', mode: 'apply', options });
}

export async function plan(options: Options & { detailedExitcode?: boolean }): Promise<number> {
  let changes = 0;
  const status = await run({ pipeline: 'up', mode: 'plan', options }, (result) => {
    changes = result.units.reduce((sum, unit) => sum + unit.changes.length, 0);
  });
  return status === 0 && options.detailedExitcode && changes > 0 ? 3 : status;
}

export function verify(options: Options): Promise<number> {
  return run({ pipeline: 'verify', mode: 'check', options });
}

export function stop(options: CommonOptions): Promise<number> {
  return run({ pipeline: 'stop', mode: 'apply', options });
}

export function down(options: CommonOptions): Promise<number> {
  return run({
    pipeline: 'down',
    mode: 'apply',
    options,
    proceed: async ({ context }) => {
      const names = [...context.world.before.keys()];
      if (options.yes || names.length === 0) return true;
      return confirm(`Remove the cluster ${context.cluster.name} with ${names.join(', ')} and everything on them?`);
    },
  });
}

/** Runs a pipeline with the view the options ask for. @returns the exit status */
export async function run(
  request: PipelineRun,
  onResult: (result: RunResult) => void = () => undefined,
): Promise<number> {
  const { pipeline, mode, options } = request;
  const view: View = await openView(options);
  const session = { ...options, listener: view.listener, ...(request.change ? { change: request.change } : {}) };
  return withSession(session, async (opened) => {
    const { context, emit, signal } = opened;
    if (request.proceed && !(await request.proceed(opened))) return 1;
    const all = await loadTasks(pipelines[pipeline]);
    checkTasks(all, Object.values(pipelines).flat());
    const selection = selectionOf(options, pipelines[pipeline], context.cluster);
    const tasks = mode === 'plan' ? all.filter((task) => !task.verifies) : all;
    const partial = Object.keys(selection).length > 0;
    const units = layOut(tasks, context.cluster, context.world, selection);
    const { cluster, clock } = context;
    const lock = mode === 'apply' ? await takeLock(cluster.stateDir, pipeline, new Date(clock.now())) : undefined;
    let result: RunResult;
    try {
      result = await runUnits(units, { pipeline, mode, context, emit, signal, partial });
    } finally {
      await lock?.release();
    }
    onResult(result);
    await view.close(result, context, mode, pipeline);
    if (result.interrupted) return 130;
    return result.ok ? 0 : 1;
  });
}

/** The selection flags, with every name checked. @throws SwarmupError UNKNOWN_NAME with the nearest valid one */
function selectionOf(options: Options, ids: readonly string[], cluster: Cluster): Selection {
  const nodes = cluster.nodes.map((node) => node.name);
  for (const id of [...(options.only ?? []), ...(options.skip ?? []), options.from, options.to])
    if (id !== undefined) known('task', id, ids);
  for (const name of options.node ?? []) known('node', name, nodes);
  return {
    ...(options.only ? { only: options.only } : {}),
    ...(options.skip ? { skip: options.skip } : {}),
    ...(options.from ? { from: options.from } : {}),
    ...(options.to ? { to: options.to } : {}),
    ...(options.node ? { nodes: options.node } : {}),
  };
}

/** @throws SwarmupError UNKNOWN_NAME */
export function known(kind: string, name: string, valid: readonly string[]): void {
  if (valid.includes(name)) return;
  throw new SwarmupError('UNKNOWN_NAME', `there is no ${kind} '${name}'`, { fix: `${expectedOneOf(name, valid)}.` });
}
