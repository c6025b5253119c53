import { managersOf, workersOf, type Cluster } from '../config/model.ts';
import { scaled } from '../config/selections.ts';
import type { RunContext } from '../contracts/context.ts';
import { SwarmupError } from '../util/errors.ts';
import type { PipelineRequest, Session } from '../pipeline/run-pipeline.ts';
import { swarmAccess } from '../swarm/access.ts';
import { listNodes, nameOf } from '../swarm/read.ts';
import type { NightlyStage } from '../pipeline/nightly-stage.ts';

/**
 * A swarm works while more than half of its managers are up: it needs three to survive the loss of one. Source: Raft in
 * SwarmKit.
 */
const FEWEST_MANAGERS = 3;

/** Why a stage can't run on this cluster; undefined if it can. */
export function notPlayable(stage: NightlyStage, cluster: Cluster): string | undefined {
  if (stage.victim === 'worker' && workersOf(cluster).length === 0) return 'the cluster has no worker';
  if (stage.victim === 'leader' && managersOf(cluster).length < FEWEST_MANAGERS)
    return `the cluster has ${managersOf(cluster).length} managers, and surviving the loss of one takes ${FEWEST_MANAGERS}`;
  if (stage.more !== undefined && scalable(cluster) === undefined)
    return 'the cluster file has no service with replicas';
  return undefined;
}

/** The nodes that lost their power and aren't back yet. */
export class Away {
  readonly #names = new Set<string>();

  /** The cluster for a stage: without the nodes that are down, unless the stage brings them back. */
  clusterFor(stage: NightlyStage, cluster: Cluster): Cluster {
    if (stage.pipeline === 'up' || stage.pipeline === 'down') this.#names.clear();
    const there = { ...cluster, nodes: cluster.nodes.filter((node) => !this.#names.has(node.name)) };
    const first = scalable(cluster);
    if (stage.more === undefined || !first) return there;
    return scaled(there, new Map([[first.name, first.replicas + stage.more]]));
  }

  add(name: string): void {
    this.#names.add(name);
  }
}

/**
 * The session with the machines and the swarm read again: the previous stage has changed them, perhaps without swarmup
 * seeing it.
 */
export async function refreshed({ context, emit, signal }: Session, cluster: Cluster): Promise<Session> {
  const { machines, provider } = context;
  const listed = await provider.list(signal);
  for (const machine of machines.all()) machines.delete(machine.name);
  for (const machine of listed) machines.set(machine);
  const world = { ...context.world, before: new Map(listed.map((machine) => [machine.name, machine])) };
  return { context: { ...context, cluster, world, swarm: swarmAccess(cluster, context, context.clock) }, emit, signal };
}

/** The request of a stage. The victim of a power cut is chosen now, as the leader may have changed. */
export async function requestOf(stage: NightlyStage, { context, signal }: Session): Promise<PipelineRequest> {
  const { pipeline, mode = 'apply', changesNothing = false } = stage;
  const nodes = stage.victim ? [await victimOf(stage.victim, context, signal)] : undefined;
  return { pipeline, mode, changesNothing, ...(nodes ? { selection: { nodes } } : {}) };
}

async function victimOf(
  victim: 'worker' | 'leader',
  { cluster, swarm }: Pick<RunContext, 'cluster' | 'swarm'>,
  signal: AbortSignal,
): Promise<string> {
  const nodes = await listNodes(await swarm.manager(signal));
  const leader = nodes.find((node) => node.ManagerStatus?.Leader);
  const name = victim === 'worker' ? workersOf(cluster).at(-1)?.name : leader && nameOf(leader);
  if (name !== undefined) return name;
  throw new SwarmupError('SWARM_NO_MANAGER', 'the managers report no leader', {
    fix: 'Check them with swarmup status: more than half must be reachable.',
  });
}

/** The first service with replicas: a global service has as many tasks as there are nodes. */
function scalable({ services }: Cluster): Cluster['services'][number] | undefined {
  return services.find(({ mode }) => mode === 'replicated');
}
