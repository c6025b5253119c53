import type { Abortable, RunContext } from '../contracts/context.ts';
import type { Survey } from '../contracts/preflight.ts';
import type { Stage } from '../record/timeline.ts';
import { linkTable } from '../preflight/link-matrix.ts';
import { preflightOf } from '../preflight/preflight.ts';
import { reportOf } from '../preflight/report.ts';
import { clusterStatus } from '../swarm/status.ts';
import { swarmAccess } from '../swarm/access.ts';
import type { Secret } from '../util/secret.ts';
import { FACTS, INFO, STATUS } from './allowed.ts';
import { bounded, within } from './bounds.ts';
import { daemonKeys } from './daemon-keys.ts';
import { askHost, type HostAnswers } from './host-facts.ts';
import type { Parts } from './parts.ts';
import { pick } from './pick.ts';
import { addSwarm } from './swarm-state.ts';
import { windowOf, type LogWindow } from './window.ts';

/** How long each node may take for each answer, in milliseconds: an emulated one that starts its engine is slow. */
const NODE_MS = 120_000;
/** How long the status may take: it waits for an election. */
const STATUS_MS = 60_000;

type Context = Pick<RunContext, 'cluster' | 'provider' | 'machines' | 'remote' | 'clock'>;

export interface Wanted {
  /** The last lines of the services' output. */
  readonly logs: boolean;
  /** The stages of the last run: the engines' logs are read around its failure. */
  readonly stages: readonly Stage[];
}

/**
 * Adds everything that the machines and the swarm tell. What doesn't answer in time is listed as missing; only an
 * interrupt ends it.
 *
 * @returns the secrets that were learned meanwhile
 */
export async function collect(
  context: Context & Abortable,
  { logs, stages }: Wanted,
  parts: Parts,
): Promise<readonly Secret[]> {
  const { cluster, machines, clock } = context;
  const remote = bounded(context.remote, NODE_MS);
  const swarm = swarmAccess(cluster, { remote, machines }, clock);
  const own = { ...context, remote, swarm };
  const window = windowOf(stages, clock.now());
  const [secrets] = await Promise.all([
    addSwarm(own, logs, parts),
    addStatus(own, parts),
    addPreflight(own, parts),
    ...cluster.nodes.map(({ name }) => addHost(name, own, window, parts)),
  ]);
  return secrets;
}

type Own = Context & Abortable & Pick<RunContext, 'swarm'>;

async function addStatus(context: Own, parts: Parts): Promise<void> {
  try {
    const status = await within(STATUS_MS, 'the managers', context.signal, (until) => clusterStatus(context, until));
    parts.add(['status.json'], 'swarmup status', pick(status, STATUS));
  } catch (error) {
    context.signal.throwIfAborted();
    parts.miss('the status', error);
  }
}

async function addPreflight(context: Own, parts: Parts): Promise<void> {
  const { cluster, signal } = context;
  try {
    const preflight = preflightOf({ ...context, swarm: impatient(context.swarm) });
    const look = await preflight.look(signal);
    const { survey } = look;
    parts.add(['preflight.json'], 'swarmup doctor', { ...reportOf(cluster.name, look), links: survey.links });
    parts.add(['network.txt'], 'swarmup doctor: which host reaches which', `${linkTable(survey)}\n`);
    addFacts(survey, parts);
  } catch (error) {
    signal.throwIfAborted();
    parts.miss('the checks of swarmup doctor', error);
  }
}

/** Preflight asks for the nodes only to compare their IDs: a swarm without a leader must not hold it up. */
function impatient(swarm: RunContext['swarm']): RunContext['swarm'] {
  return {
    ...swarm,
    nodes: (signal) => within(STATUS_MS, 'the managers', signal, (until) => swarm.nodes(until)),
    manager: (signal) => within(STATUS_MS, 'the managers', signal, (until) => swarm.manager(until)),
  };
}

function addFacts({ hosts }: Survey, parts: Parts): void {
  for (const { node, facts } of hosts) {
    const entries = FACTS.map((key) => [key, facts[key] instanceof Map ? Object.fromEntries(facts[key]) : facts[key]]);
    const daemon = daemonKeys(facts.daemon);
    parts.add(['nodes', node.name, 'facts.json'], `${node.name}: facts of swarmup doctor`, {
      ...Object.fromEntries(entries),
      daemon,
    });
  }
}

async function addHost(
  name: string,
  { machines, remote, signal }: Own,
  window: LogWindow,
  parts: Parts,
): Promise<void> {
  try {
    machines.running(name);
    const host = await remote.host(name, signal);
    addAnswers(name, await within(2 * NODE_MS, name, signal, (until) => askHost(host, window, until)), window, parts);
  } catch (error) {
    signal.throwIfAborted();
    parts.miss(`the machine ${name} (versions, docker info, log of the engine)`, error);
  }
}

function addAnswers(name: string, answers: HostAnswers, window: LogWindow, parts: Parts): void {
  const { versions, resources, info, dockerService, daemonJson, log, latestLog } = answers;
  const add = (file: string, from: string, content: unknown) =>
    parts.add(['nodes', name, file], `${name}: ${from}`, content);
  add('versions.txt', 'versions of programs', `${versions}\n`);
  add('resources.txt', 'load, memory and disks', `${resources}\n`);
  add('docker-info.json', 'docker info', pick(info, INFO));
  add('daemon.json', 'keys of /etc/docker/daemon.json, with harmless values', daemonKeys(daemonJson));
  add('docker-service.json', 'state of the service docker', dockerService);
  if (log === '')
    parts.miss(`the log of the engine of ${name} around ${window.around}`, 'it has no lines of that time');
  else add('engine.log', `log of the engine around ${window.around}`, `${log}\n`);
  if (latestLog !== '' && latestLog !== log)
    add('engine-latest.log', 'last lines of the log of the engine', `${latestLog}\n`);
}
