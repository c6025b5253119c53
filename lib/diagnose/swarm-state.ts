import type { Abortable, RunContext } from '../contracts/context.ts';
import type { Engine } from '../contracts/engine.ts';
import type { SwarmService } from '../contracts/swarm-types.ts';
import { readLogs } from '../swarm/logs.ts';
import { listNodes, listServices, listTasks } from '../swarm/read.ts';
import type { Secret } from '../util/secret.ts';
import { NETWORK, NODE, SERVICE, TASK } from './allowed-swarm.ts';
import { within } from './bounds.ts';
import type { Parts } from './parts.ts';
import { pick } from './pick.ts';

/** How long a manager may take to be found and to answer, in milliseconds. */
const MANAGER_MS = 60_000;
/** How much of the output of each service is read, with `logs`. */
const LOG_MS = 20_000;
const LOG_LINES = 100;
const LOG_CHARACTERS = 64 * 1024;
/** More services are left out. */
const MOST_LOGS = 30;

/** What is asked, the answer's file, and how. */
interface Question {
  readonly what: string;
  readonly file: string;
  readonly ask: (manager: Engine) => Promise<unknown>;
}

const QUESTIONS: readonly Question[] = [
  { what: 'nodes', file: 'nodes.json', ask: async (manager) => pick(await listNodes(manager), [NODE]) },
  { what: 'services', file: 'services.json', ask: async (manager) => pick(await listServices(manager), [SERVICE]) },
  { what: 'tasks', file: 'tasks.json', ask: async (manager) => pick(await listTasks(manager), [TASK]) },
  { what: 'networks', file: 'networks.json', ask: async (manager) => pick(await networks(manager), [NETWORK]) },
];

function networks(manager: Engine): Promise<unknown> {
  return manager.call('list the networks', (docker): Promise<unknown> => docker.listNetworks());
}

/**
 * Adds what a manager knows. A swarm without one, or without a quorum, is listed as missing.
 *
 * @param logs whether the last lines of the services are wanted
 * @returns the join tokens, so that nothing contains them
 */
export async function addSwarm(
  { swarm, signal }: Pick<RunContext, 'swarm'> & Abortable,
  logs: boolean,
  parts: Parts,
): Promise<readonly Secret[]> {
  try {
    const manager = await within(MANAGER_MS, 'the managers', signal, (until) => swarm.manager(until));
    await Promise.all(QUESTIONS.map((question) => addAnswer(manager, question, signal, parts)));
    if (logs) await addLogs(manager, signal, parts);
    const { manager: one, worker } = await within(MANAGER_MS, manager.node, signal, (until) => swarm.joinTokens(until));
    return [one, worker];
  } catch (error) {
    signal.throwIfAborted();
    parts.miss('the swarm (nodes, services, tasks, networks)', error);
    return [];
  }
}

async function addAnswer(manager: Engine, question: Question, signal: AbortSignal, parts: Parts): Promise<void> {
  const { what, file, ask } = question;
  try {
    const answer = await within(MANAGER_MS, manager.node, signal, () => ask(manager));
    parts.add(['swarm', file], `the manager ${manager.node}: ${what}`, answer);
  } catch (error) {
    signal.throwIfAborted();
    parts.miss(`the swarm's ${what}`, error);
  }
}

async function addLogs(manager: Engine, signal: AbortSignal, parts: Parts): Promise<void> {
  const services = await listServices(manager);
  for (const { Spec } of services.slice(MOST_LOGS))
    parts.miss(`the output of ${Spec.Name}`, `left out: only ${MOST_LOGS} services are read`);
  await Promise.all(services.slice(0, MOST_LOGS).map((service) => addLog(manager, service, signal, parts)));
}

async function addLog(manager: Engine, service: SwarmService, signal: AbortSignal, parts: Parts): Promise<void> {
  const name = service.Spec.Name;
  const lines: string[] = [];
  let room = LOG_CHARACTERS;
  try {
    await within(LOG_MS, name, signal, (until) =>
      readLogs(manager, service, { follow: false, tail: LOG_LINES, since: undefined, signal: until }, (line) => {
        const { time, task, node, text } = line;
        room -= text.length;
        if (room > 0) lines.push(`${time} ${task}@${node} ${text}`);
      }),
    );
  } catch (error) {
    signal.throwIfAborted();
    parts.miss(`the output of ${name}`, error);
  }
  if (lines.length > 0)
    parts.add(['logs', `${name}.log`], `the output of the service ${name}`, `${lines.join('\n')}\n`);
}
