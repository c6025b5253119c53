import { isJob, mayEnd, restarts } from '../../lib/swarm/ending.ts';
import { bySlot, hasEnded, hasFailed, isComplete, isToEnd } from '../../lib/swarm/tasks.ts';
import type { SwarmNode, SwarmService, SwarmTask } from '../../lib/contracts/swarm-types.ts';

/**
 * How the programs of a service end: the exit code of its nth task (from 0), or undefined for one that keeps running.
 */
export type Ends = (nth: number) => number | undefined;

interface Parts {
  readonly id: () => string;
  readonly index: () => { readonly Index: number };
  /** By service name; a job without an entry succeeds, any other service keeps running. */
  readonly ends: ReadonlyMap<string, Ends>;
}

/** Services whose tasks end, by the rules of swarmkit: manager/orchestrator/jobs and manager/orchestrator/restart. */
export class FakeEnding {
  readonly #parts: Parts;
  /** How many tasks of each service have been started. */
  readonly #started = new Map<string, number>();

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  /** What a job's tasks become when the orchestrator looks at it. */
  reconcileJob(service: SwarmService, tasks: readonly SwarmTask[], able: readonly SwarmNode[]): SwarmTask[] {
    const own = tasks.filter((task) => iteration(task.JobIteration) === iteration(service.JobStatus?.JobIteration));
    const all = service.Spec.Mode.GlobalJob ? this.#global(service, own, able) : this.#replicated(service, own, able);
    // The end of a task is an event that makes the orchestrator look again, unless the task was given up.
    const grown = all.length > own.length && all.slice(own.length).some(isComplete);
    return grown ? this.reconcileJob(service, all, able) : all;
  }

  #global(service: SwarmService, own: readonly SwarmTask[], able: readonly SwarmNode[]): SwarmTask[] {
    const busy = new Set(own.filter((task) => !isToEnd(task)).map(({ NodeID }) => NodeID));
    const missing = able.filter((node) => !busy.has(node.ID));
    return missing.reduce((all, node) => this.#add(service, all, { NodeID: node.ID }), [...own]);
  }

  #replicated(service: SwarmService, own: readonly SwarmTask[], able: readonly SwarmNode[]): SwarmTask[] {
    const { MaxConcurrent = 1, TotalCompletions = MaxConcurrent } = service.Spec.Mode.ReplicatedJob ?? {};
    const completed = own.filter(isComplete);
    const running = own.filter((task) => !isComplete(task) && !isToEnd(task));
    const count = Math.min(MaxConcurrent - running.length, TotalCompletions - completed.length - running.length);
    const taken = new Set([...completed, ...running].map((task) => task.Slot ?? 0));
    const free = Array.from({ length: TotalCompletions }, (_, slot) => slot).filter((slot) => !taken.has(slot));
    return free.slice(0, Math.max(0, count)).reduce(
      (all, slot) => {
        const node = able[slot % Math.max(1, able.length)];
        return node ? this.#add(service, all, { NodeID: node.ID, ...(slot > 0 ? { Slot: slot } : {}) }) : all;
      },
      [...own],
    );
  }

  #add(service: SwarmService, all: readonly SwarmTask[], where: Pick<SwarmTask, 'NodeID' | 'Slot'>): SwarmTask[] {
    return this.start([...all, this.#created(service, where)], service);
  }

  #created(service: SwarmService, where: Pick<SwarmTask, 'NodeID' | 'Slot'>): SwarmTask {
    const job = isJob(service.Spec);
    return {
      ID: this.#parts.id(),
      Version: this.#parts.index(),
      CreatedAt: '2026-01-01T00:00:00Z',
      ServiceID: service.ID,
      ...where,
      ...(job ? { JobIteration: service.JobStatus?.JobIteration ?? {} } : {}),
      DesiredState: job ? 'complete' : 'running',
      Spec: structuredClone(service.Spec.TaskTemplate),
      Status: { State: 'new' },
    };
  }

  /**
   * Runs the last of these tasks to its end, if it has one. A failed one is marked, and its successor waits to be
   * started: in the same transaction.
   */
  start(tasks: readonly SwarmTask[], service: SwarmService): SwarmTask[] {
    const [task] = tasks.slice(-1);
    if (!task) return [];
    const { Name } = service.Spec;
    const nth = this.#started.get(Name) ?? 0;
    this.#started.set(Name, nth + 1);
    const ends = this.#parts.ends.get(Name) ?? (isJob(service.Spec) ? () => 0 : () => undefined);
    const exit = ends(nth);
    const before = tasks.slice(0, -1);
    if (exit === undefined) return [...before, { ...task, Status: { State: 'running' } }];
    if (exit === 0 && isJob(service.Spec)) return [...before, { ...task, Status: { State: 'complete' } }];
    const Status =
      exit === 0
        ? { State: 'complete' }
        : {
            State: 'failed',
            Err: `task: non-zero exit (${exit})`,
            ContainerStatus: { ContainerID: containerOf(task), ExitCode: exit },
          };
    const ended = { ...task, DesiredState: 'shutdown', Status };
    if (!isRestarted(service, [...before, ended], ended)) return [...before, ended];
    const where = { ...(task.NodeID ? { NodeID: task.NodeID } : {}), ...(task.Slot ? { Slot: task.Slot } : {}) };
    return [...before, ended, { ...this.#created(service, where), DesiredState: 'ready', Status: { State: 'ready' } }];
  }

  /** The restart delay of a successor is over. */
  startDelayed(service: SwarmService, tasks: readonly SwarmTask[]): SwarmTask[] {
    const delayed = tasks.find(({ DesiredState }) => DesiredState === 'ready');
    if (!delayed) return [...tasks];
    const DesiredState = isJob(service.Spec) ? 'complete' : 'running';
    return this.start([...tasks.filter((task) => task !== delayed), { ...delayed, DesiredState }], service);
  }
}

/** The ID of a task's container. */
export const containerOf = ({ ID }: Pick<SwarmTask, 'ID'>): string => ID.padStart(64, '0');

const iteration = (one: { readonly Index?: number } | undefined): number => one?.Index ?? 0;

/** The history of a global job's tasks is looked up under another key than it is kept: it has no limit. */
function isRestarted(service: SwarmService, tasks: readonly SwarmTask[], ended: SwarmTask): boolean {
  const { Spec } = service;
  if (isComplete(ended) && mayEnd(Spec)) return false;
  const limit = restarts(Spec);
  if (limit === undefined || (limit > 0 && Spec.Mode.GlobalJob)) return true;
  const slot = bySlot(Spec, tasks).find((all) => all.includes(ended)) ?? [];
  return slot.filter((task) => hasEnded(task) || hasFailed(task)).length <= limit;
}
