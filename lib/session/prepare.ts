import type { RunCluster } from '../contracts/run-cluster.ts';
import type { Mode } from '../contracts/events.ts';
import type { Selection } from '../pipeline/graph.ts';
import type { LockRequest, PipelineRequest } from '../pipeline/run-pipeline.ts';
import type { Catalogue } from '../pipeline/taskfile.ts';
import { lastRunWasOk, runsFolder } from '../record/store.ts';
import { SwarmupError } from '../util/errors.ts';
import { omitUndefined } from '../util/omit-undefined.ts';
import { requireKnown } from '../util/require-known.ts';
import { catalogueWith } from './catalogue.ts';

/** How to run a pipeline. Every field is optional. */
export interface RunRequest extends Selection {
  /** `apply` makes the changes, `plan` only lists them, `check` fails if there are any; default: apply. */
  readonly mode?: Mode;
  /** After a failure, continues with everything that doesn't need what failed. */
  readonly keepGoing?: boolean;
  /** Removes what swarmup made and the cluster file no longer names. */
  readonly prune?: boolean;
  /** How long to wait for another run on this cluster to end, in milliseconds; default: 0. */
  readonly lockWaitMs?: number;
  /** A TypeScript file with more tasks and pipelines; default: the cluster file's `taskfile`. */
  readonly taskfile?: string | undefined;
}

/** A run whose names are all known to exist. */
export interface PreparedRun {
  readonly catalogue: Catalogue;
  readonly request: PipelineRequest;
  readonly lock: LockRequest;
}

/**
 * Checks a request before any connection is made.
 *
 * @throws SwarmupError UNKNOWN_NAME with the nearest valid name, USAGE, TASKFILE_INVALID
 */
export async function prepare(pipeline: string, cluster: RunCluster, request: RunRequest): Promise<PreparedRun> {
  const { mode = 'apply', keepGoing = false, prune = false, lockWaitMs = 0 } = request;
  const catalogue = await catalogueWith(request.taskfile ?? cluster.taskfile);
  requireKnown('pipeline', pipeline, Object.keys(catalogue.pipelines));
  const selection = selectionOf(request, catalogue.pipelines[pipeline] ?? [], cluster);
  await requireNodes(catalogue, pipeline, selection);
  if (mode === 'apply') await refuseProtected(catalogue, pipeline, cluster, prune);
  const expectsNoChange = await lastRunWasOk(runsFolder(cluster.stateDir));
  return {
    catalogue,
    request: { pipeline, mode, selection, keepGoing, prune, expectsNoChange },
    lock: { command: pipeline, waitMs: lockWaitMs },
  };
}

function selectionOf(
  { only, skip, from, to, nodes }: RunRequest,
  ids: readonly string[],
  cluster: RunCluster,
): Selection {
  const names = cluster.nodes.map((node) => node.name);
  for (const id of [...(only ?? []), ...(skip ?? []), from, to]) if (id !== undefined) requireKnown('task', id, ids);
  for (const name of nodes ?? []) requireKnown('node', name, names);
  if (from !== undefined && to !== undefined && ids.indexOf(from) > ids.indexOf(to)) {
    throw new SwarmupError('USAGE', `--from ${from} comes after --to ${to}: nothing is between them`, {
      fix: `The order is: ${ids.join(', ')}.`,
    });
  }
  return omitUndefined({ only, skip, from, to, nodes });
}

/** @throws SwarmupError PROTECTED */
async function refuseProtected(
  catalogue: Catalogue,
  pipeline: string,
  cluster: RunCluster,
  prune: boolean,
): Promise<void> {
  if (!cluster.protect) return;
  const tasks = await catalogue.load(catalogue.pipelines[pipeline] ?? []);
  if (prune || tasks.some(({ removes }) => removes))
    throw protectedCluster(cluster, prune ? `${pipeline} --prune` : pipeline);
}

/** The refusal to remove parts of a cluster whose file has `protect: true`. */
export function protectedCluster({ name, file }: RunCluster, command: string): SwarmupError {
  return new SwarmupError('PROTECTED', `${name} is protected: ${command} would remove nodes or services`, {
    fix: `If that is intended, take 'protect: true' out of ${file} first.`,
  });
}

/** Some tasks must never run on all nodes by accident. @throws SwarmupError USAGE */
async function requireNodes(catalogue: Catalogue, pipeline: string, { nodes }: Selection): Promise<void> {
  if (nodes?.length) return;
  const explicit = (await catalogue.load(catalogue.pipelines[pipeline] ?? [])).find((task) => task.explicit);
  if (!explicit) return;
  throw new SwarmupError('USAGE', `the pipeline '${pipeline}' runs only on named nodes: ${explicit.about}`, {
    fix: 'Name them with --node.',
  });
}
