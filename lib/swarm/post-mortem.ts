import { unlessAborted } from '../async/abortable.ts';
import type { Abortable, Engines } from '../contracts/context.ts';
import type { Engine } from '../contracts/engine.ts';
import type { SwarmService, SwarmTask } from '../contracts/swarm-types.ts';
import { messageOf } from '../util/errors.ts';
import type { FailedTask, HealthResult, PostMortem } from '../util/post-mortem.ts';
import { quote, quoteThroughSsh } from '../util/shell-quote.ts';
import { lastLines } from '../util/last-lines.ts';
import { refusals, type Swarm } from './eligibility.ts';
import { representatives, toldByManagers, type Representative } from './failed-tasks.ts';
import { taskLogLines } from './logs.ts';
import { listNodes, listServices, listTasks } from './read.ts';
import { adviceFor, type TaskAdvice } from './task-errors.ts';
import { exitInWords } from './exit-codes.ts';
import { isUnplaced } from './tasks.ts';

/** How long everything may take, in milliseconds: a node that is gone never answers, and the failure matters more. */
const WITHIN_MS = 10_000;
/** How many results of a health check, and how much of each, in characters. */
const HEALTH_RESULTS = 3;
const HEALTH_LENGTH = 1_000;

export interface Failure {
  readonly service: SwarmService;
  /** The task that explains most, if one does. */
  readonly culprit?: SwarmTask | undefined;
  /** No node takes its tasks. */
  readonly nowhere: boolean;
}

export interface PostMortemOptions extends Abortable, Engines {
  readonly manager: Engine;
  readonly withinMs?: number;
}

export interface Findings {
  readonly postMortem: PostMortem;
  /** For the error of the first task. */
  readonly advice: TaskAdvice | undefined;
}

/**
 * Collects what explains a failure: from the managers, and from the nodes on which tasks failed. Read-only. What can't be read, or not
 * in time, is listed in `unknown`. Never throws.
 */
export async function examine(failure: Failure, options: PostMortemOptions): Promise<Findings> {
  const { service, culprit, nowhere } = failure;
  const { manager, withinMs = WITHIN_MS } = options;
  const signal = AbortSignal.any([options.signal, AbortSignal.timeout(withinMs)]);
  const asking: Asking = { ...options, engine: (node) => options.engine(node), signal, withinMs, unknown: [] };
  const swarm = await attempt(asking, 'the tasks', () => readSwarm(manager));
  const { tasks: all, nodes } = swarm ?? { tasks: [], nodes: [] };
  // Swarm may have removed the culprit meanwhile, as one of too many in its slot's history.
  const tasks = culprit && !all.some(({ ID }) => ID === culprit.ID) ? [...all, culprit] : all;
  const chosen = representatives(service, tasks, culprit);
  const told = await Promise.all(
    chosen.map((one) => examineTask(asking, one, toldByManagers(service, tasks, nodes, one))),
  );
  const waits = nowhere || chosen.some(({ task }) => isUnplaced(task));
  const [first] = told;
  const advice = first?.task.error === undefined ? undefined : adviceFor(first.task.error, placeOf(service, first));
  const postMortem = {
    service: service.Spec.Name,
    ...(advice ? { cause: advice.cause } : {}),
    tasks: told.map(({ task }) => task),
    refusals: waits && swarm ? refusals(service, swarm) : [],
    unknown: asking.unknown,
    next: commands(service, manager, told[0]?.task, chosen[0]?.task),
  };
  return { postMortem, advice };
}

interface Asking extends Abortable, Engines {
  readonly manager: Engine;
  readonly withinMs: number;
  readonly unknown: string[];
}

/** A look that may fail without hiding the failure that it is to explain. */
async function attempt<T>(asking: Asking, what: string, look: () => Promise<T>): Promise<T | undefined> {
  const { signal, withinMs, unknown } = asking;
  try {
    return await unlessAborted(look(), signal);
  } catch (error) {
    const late = signal.reason instanceof DOMException && signal.reason.name === 'TimeoutError';
    const why = late ? `no answer within ${Math.round(withinMs / 1000)} s` : messageOf(error);
    unknown.push(`${what}: ${why}`);
    return undefined;
  }
}

async function readSwarm(manager: Engine): Promise<Swarm> {
  const [services, tasks, nodes] = await Promise.all([listServices(manager), listTasks(manager), listNodes(manager)]);
  return { services, tasks, nodes };
}

interface Examined {
  readonly task: FailedTask;
  readonly outOfMemory: boolean | undefined;
}

/** Adds what the task's node knows: its output, and how its container ended. */
async function examineTask(asking: Asking, { task }: Representative, told: FailedTask): Promise<Examined> {
  const { name, node, nodeState } = told;
  const containerId = task.Status.ContainerStatus?.ContainerID ?? '';
  // A task that never had a container printed nothing; the engines tell an empty ID then.
  if (node === undefined || containerId === '') return { task: told, outOfMemory: undefined };
  if (nodeState !== undefined) {
    asking.unknown.push(`log and health check of ${name}: ${node} is ${nodeState}`);
    return { task: told, outOfMemory: undefined };
  }
  const [log, ended] = await Promise.all([
    attempt(asking, `log of ${name}`, async () => lastLines(await taskLogLines(asking.manager, task, asking.signal))),
    attempt(asking, `container of ${name} on ${node}`, async () =>
      containerEnd(await asking.engine(node), containerId, asking.withinMs),
    ),
  ]);
  const exit =
    told.exitCode === undefined || told.exitCode === 0 ? undefined : exitInWords(told.exitCode, ended?.outOfMemory);
  const more = { ...(log ? { log } : {}), ...(exit === undefined ? {} : { exit }) };
  return { task: { ...told, ...more, health: ended?.health ?? [] }, outOfMemory: ended?.outOfMemory };
}

interface ContainerEnd {
  readonly outOfMemory: boolean;
  readonly health: readonly HealthResult[];
}

/** Source: GET /containers/{id}/json, State. The engine keeps the last five results of a health check. */
async function containerEnd(engine: Engine, id: string, withinMs: number): Promise<ContainerEnd> {
  const { State } = await engine.call('look at a container', (docker) => docker.getContainer(id).inspect(), {
    withinMs,
  });
  const results = (State.Health?.Log ?? []).slice(-HEALTH_RESULTS);
  return {
    outOfMemory: State.OOMKilled,
    health: results.map(({ End, ExitCode, Output }) => ({
      at: End,
      exitCode: ExitCode,
      output: lastLines(Output.split('\n'), { longest: HEALTH_LENGTH }),
    })),
  };
}

function placeOf({ Spec }: SwarmService, { task, outOfMemory }: Examined) {
  return { service: Spec.Name, node: task.node, image: Spec.TaskTemplate.ContainerSpec.Image, outOfMemory };
}

function commands(
  { Spec }: SwarmService,
  manager: Engine,
  told: FailedTask | undefined,
  task: SwarmTask | undefined,
): readonly string[] {
  const name = quote([Spec.Name]);
  const container = task?.Status.ContainerStatus?.ContainerID?.slice(0, 12);
  const hasRun = (container ?? '') !== '';
  return [
    ...(hasRun ? [`swarmup logs ${name}`] : []),
    `swarmup ssh ${quote([manager.node])} -- sudo docker service ps --no-trunc ${quoteThroughSsh([Spec.Name])}`,
    ...(container && told?.node !== undefined && told.nodeState === undefined
      ? [`swarmup ssh ${quote([told.node])} -- sudo docker inspect ${quoteThroughSsh([container])}`]
      : []),
    ...(hasRun ? [] : ['swarmup status']),
  ];
}
