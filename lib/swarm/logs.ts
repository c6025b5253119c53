import type { Engine } from '../contracts/engine.ts';
import { serviceLogs, taskLogs, type LogQuery } from '../remote/engine-api.ts';
import { listNodes, listTasks, nameOf } from './read.ts';
import type { SwarmService, SwarmTask } from '../contracts/swarm-types.ts';

/** A line that a task printed. */
export interface LogLine {
  /** `web.1`, or `web.worker1` for global services. */
  readonly task: string;
  readonly node: string;
  /** As the engine prints it, with nanoseconds. */
  readonly time: string;
  readonly stream: 'stdout' | 'stderr';
  readonly text: string;
}

/** How many lines a failure is shown with. */
const LAST_LINES = 20;

/** The output of a service's tasks, in the order in which the engine sends it. Source: GET /services/{id}/logs. */
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
    // One line at a time: looking up a new task takes a moment, during which the next line may arrive.
    given = given.then(async () => {
      const { time, taskId, text } = parseLine(raw);
      onLine({ ...(await names.of(taskId)), time, stream: source, text });
    });
  });
  await given;
}

/** The last lines of one task; those that arrived, if the signal ends it. @throws SwarmupError when the engine can't read them */
export async function taskLogLines(manager: Engine, task: SwarmTask, signal: AbortSignal): Promise<readonly string[]> {
  const lines: string[] = [];
  const query = { follow: false, tail: LAST_LINES, since: undefined, signal };
  const stream = await manager.call('read the log of a task', (docker) => taskLogs(docker, task.ID, query));
  await manager.readLog(stream, signal, (_source, raw) => {
    lines.push(parseLine(raw).text);
    if (lines.length > LAST_LINES) lines.shift();
  });
  return lines;
}

const DETAILS = /^(\S+) (\S*com\.docker\.swarm\.task\.id=(\w+)\S*) ?(.*)$/s;

/** `TIME com.docker.swarm.node.id=…,com.docker.swarm.task.id=… TEXT`, the format with `details` and `timestamps`. */
function parseLine(raw: string): { readonly time: string; readonly taskId: string; readonly text: string } {
  const [, time = '', , taskId = '', text = raw] = DETAILS.exec(raw) ?? [];
  return { time, taskId, text };
}

type TaskName = Pick<LogLine, 'task' | 'node'>;

/** The names of a service's tasks. A new task is looked up when it first prints something. */
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
