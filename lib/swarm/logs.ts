import type { Engine } from '../contracts/engine.ts';
import { messageOf } from '../util/errors.ts';
import { serviceLogs, taskLogs, type LogQuery } from '../remote/engine-api.ts';
import { listNodes, listTasks, nameOf } from './read.ts';
import type { SwarmService, SwarmTask } from '../contracts/swarm-types.ts';

/** A line that a task printed. */
export interface LogLine {
  /** `web.1`, and `web.worker1` for services with one task a node. */
  readonly task: string;
  readonly node: string;
  /** As the engine has it, with nanoseconds. */
  readonly time: string;
  readonly stream: 'stdout' | 'stderr';
  readonly text: string;
}

/** How many lines a failure is given, and how long they are waited for: a node that is gone never sends any. */
const LAST_LINES = 20;
const LAST_LINES_MS = 10_000;

/** What the tasks of a service print, in the order in which the engine gives it. Source: GET /services/{id}/logs. */
export async function readLogs(
  manager: Engine,
  service: SwarmService,
  query: LogQuery,
  onLine: (line: LogLine) => void,
): Promise<void> {
  const names = new TaskNames(manager, service);
  const stream = await manager.call(`read the logs of ${service.Spec.Name}`, (docker) =>
    serviceLogs(docker, service.ID, query),
  );
  let given = Promise.resolve();
  await manager.readLog(stream, query.signal, (source, raw) => {
    // One after the other: looking a new task up takes a moment, in which the next line comes.
    given = given.then(async () => {
      const { time, taskId, text } = parseLine(raw);
      onLine({ ...(await names.of(taskId)), time, stream: source, text });
    });
  });
  await given;
}

/** The last lines of one task; why there are none, where the engine can't say. */
export async function lastLogLines(manager: Engine, task: SwarmTask, deadlineMs = LAST_LINES_MS): Promise<string> {
  const lines: string[] = [];
  const signal = AbortSignal.timeout(deadlineMs);
  try {
    const query = { follow: false, tail: LAST_LINES, since: undefined, signal };
    const stream = await manager.call('read the log of a task', (docker) => taskLogs(docker, task.ID, query));
    await manager.readLog(stream, signal, (_source, raw) => lines.push(parseLine(raw).text));
  } catch (error) {
    // The failure itself is what is to be told; that its log can't be read is part of it.
    return `(its log can't be read: ${messageOf(error)})`;
  }
  return lines.join('\n');
}

const DETAILS = /^(\S+) (\S*com\.docker\.swarm\.task\.id=(\w+)\S*) ?(.*)$/s;

/** `TIME com.docker.swarm.node.id=…,com.docker.swarm.task.id=… TEXT`, as `details` and `timestamps` give it. */
function parseLine(raw: string): { readonly time: string; readonly taskId: string; readonly text: string } {
  const [, time = '', , taskId = '', text = raw] = DETAILS.exec(raw) ?? [];
  return { time, taskId, text };
}

type TaskName = Pick<LogLine, 'task' | 'node'>;

/** The names of a service's tasks. Tasks that are new are asked for when they first print something. */
class TaskNames {
  readonly #manager: Engine;
  readonly #service: SwarmService;
  #known = new Map<string, TaskName>();

  constructor(manager: Engine, service: SwarmService) {
    this.#manager = manager;
    this.#service = service;
  }

  async of(taskId: string): Promise<TaskName> {
    if (!this.#known.has(taskId)) await this.#ask();
    const { Name } = this.#service.Spec;
    return this.#known.get(taskId) ?? { task: `${Name}.${taskId.slice(0, 8)}`, node: 'none' };
  }

  async #ask(): Promise<void> {
    const { ID, Spec } = this.#service;
    const [tasks, nodes] = await Promise.all([listTasks(this.#manager, { service: [ID] }), listNodes(this.#manager)]);
    const nodeNames = new Map(nodes.map((node) => [node.ID, nameOf(node)]));
    this.#known = new Map(
      tasks.map((task) => {
        const node = nodeNames.get(task.NodeID ?? '') ?? 'none';
        return [task.ID, { task: `${Spec.Name}.${task.Slot ?? node}`, node }];
      }),
    );
  }
}
