import type { SwarmNode, SwarmService, SwarmTask } from '../contracts/swarm-types.ts';
import { isJob } from './ending.ts';
import { hasEnded, isToEnd, isUnplaced, schedulersWords } from './tasks.ts';
import type { Convergence, PermanentFailure, Shortage } from './verdict.ts';

/** Services that wait for a node with room, and how long that makes sense. */

/**
 * How long the scheduler may find no node for any task before that counts as a failure, in milliseconds: a node that just joined becomes
 * eligible within this time.
 */
const NO_NODE_GRACE_MS = 8_000;
/** How long nothing may change while there is room for some tasks only, in milliseconds. */
const STANDSTILL_MS = 60_000;

/** @param wanted the tasks that should run @returns undefined while tasks are still starting, which may change something */
export function shortageOf(wanted: readonly SwarmTask[], nodes: readonly SwarmNode[]): Shortage | undefined {
  const [unplaced, others] = [wanted.filter(isUnplaced), wanted.filter((task) => !isUnplaced(task))];
  const [first] = unplaced;
  if (!first || others.some(({ Status }) => Status.State !== 'running')) return undefined;
  const tasks = wanted.map(({ ID, NodeID, Status }) => `${ID} ${NodeID} ${Status.State}`).toSorted();
  const states = nodes.map(({ ID, Spec, Status }) => [ID, Spec.Availability, Spec.Labels, Status.State]);
  return {
    placed: others.length,
    wanted: wanted.length,
    message: schedulersWords(first),
    key: JSON.stringify([tasks, states]),
  };
}

export interface Lost {
  readonly service: SwarmService;
  readonly failure: PermanentFailure;
  /** What would have to be freed for it: resources, ports or places; false for what doesn't become free. */
  readonly needsRoom: boolean;
}

/** Remembers since when services wait for nodes. One per wait. */
export class Patience {
  readonly #since = new Map<string, { readonly key: string; readonly at: number }>();

  /** The services that failed, those first that can't be helped at all: one that waits for room hides no other. */
  lost(all: readonly Convergence[], now: number): readonly Lost[] {
    const found = all.map((one) => this.#judge(one, now)).filter((one) => one !== undefined);
    return found.toSorted((one, other) => Number(isSchedulers(one.failure)) - Number(isSchedulers(other.failure)));
  }

  #judge({ service, permanentFailure, shortage, working }: Convergence, now: number): Lost | undefined {
    if (permanentFailure && !isSchedulers(permanentFailure))
      return { service, failure: permanentFailure, needsRoom: false };
    const failure = permanentFailure ?? (working ? undefined : standstill(shortage));
    const key = permanentFailure ? 'nowhere' : shortage?.key;
    if (!failure || key === undefined) {
      this.#since.delete(service.ID);
      return undefined;
    }
    const known = this.#since.get(service.ID);
    const at = known?.key === key ? known.at : now;
    this.#since.set(service.ID, { key, at });
    if (now - at < (permanentFailure ? NO_NODE_GRACE_MS : STANDSTILL_MS)) return undefined;
    return { service, failure, needsRoom: /insufficient resources|host-mode port|max replicas/.test(failure.why) };
  }
}

function isSchedulers({ why }: PermanentFailure): boolean {
  return why.includes('no suitable node');
}

function standstill(shortage: Shortage | undefined): PermanentFailure | undefined {
  if (!shortage) return undefined;
  const { placed, wanted, message } = shortage;
  return { why: `has room for only ${placed} of ${wanted} tasks: ${message}` };
}

/**
 * Whether something in progress may free room: tasks that are to end on nodes that are up, updates of other services, and jobs. An
 * update that lacks room itself frees none.
 */
export function roomMayCome(
  { ID }: Pick<SwarmService, 'ID'>,
  services: readonly SwarmService[],
  tasks: readonly SwarmTask[],
  nodes: readonly SwarmNode[],
): boolean {
  const up = new Set(nodes.filter(({ Status }) => Status.State === 'ready').map((node) => node.ID));
  const alive = tasks.filter((task) => up.has(task.NodeID ?? '') && !hasEnded(task) && task.Status.State !== 'pending');
  if (alive.some(isToEnd)) return true;
  return services
    .filter((service) => service.ID !== ID)
    .some((service) => {
      const own = tasks.filter(({ ServiceID }) => ServiceID === service.ID);
      if (isJob(service.Spec)) return alive.some(({ ServiceID }) => ServiceID === service.ID);
      const { State } = service.UpdateStatus ?? {};
      return (State === 'updating' || State === 'rollback_started') && !own.some(isUnplaced);
    });
}
