import { readFile } from 'node:fs/promises';
import type { Cluster } from '../config/model.ts';
import type { RunContext } from '../contracts/context.ts';
import { interpreted } from '../remote/interpreted.ts';
import { underlayOf } from '../swarm/underlay.ts';
import { messageOf } from '../util/errors.ts';
import type { Host } from '../contracts/host.ts';
import type { Surveyed, Link, Protocol } from '../contracts/preflight.ts';

/**
 * The ports on which the nodes of a swarm must reach each other. Source: docs.docker.com, "Open protocols and ports".
 */
export interface SwarmPort {
  readonly protocol: Protocol;
  readonly port: number;
  readonly use: string;
  /** Only managers need the port to be open. */
  readonly managers?: true;
}

export function swarmPorts({ swarm }: Pick<Cluster, 'swarm'>): readonly SwarmPort[] {
  return [
    { protocol: 'tcp', port: swarm.listen.port, use: 'joining and managing', managers: true },
    { protocol: 'tcp', port: 7946, use: 'gossip between nodes' },
    { protocol: 'udp', port: 7946, use: 'gossip between nodes' },
    { protocol: 'udp', port: swarm.dataPathPort, use: 'overlay networks (VXLAN)' },
  ];
}

/** How long listeners run at most if they aren't ended, in seconds. */
const LISTEN_S = 90;
/** How much longer a slow host may need to start and end them, in seconds. */
const LATE_S = 60;
/** How long an answer may take, in seconds. */
const ANSWER_S = 5;
/** The size of an ordinary probe, in bytes. */
const SMALL = 64;
/** IPv4 and UDP headers, in bytes. */
const HEADERS = 28;
/** In larger clusters every host probes the managers and this many neighbours, not all hosts. */
const NEIGHBOURS = 16;

interface Tools {
  readonly cluster: Cluster;
  readonly remote: RunContext['remote'];
  readonly signal: AbortSignal;
}

/** A probe from one host to another. */
type Question = Omit<Link, 'result' | 'reason'>;

/**
 * One round of probes between all pairs: every host listens on the swarm's ports meanwhile, and probes the others.
 * Nothing is installed: the scripts need Perl or Python, and every supported system has one of them.
 */
export async function probeNetwork(hosts: readonly Surveyed[], tools: Tools): Promise<readonly Link[]> {
  if (hosts.length < 2) return [];
  const questions = hosts.flatMap((from, i) => neighboursOf(hosts, i).flatMap((to) => ask(from, to, tools.cluster)));
  const programs = await Promise.all(
    ['probe.pl', 'probe.py'].map((name) => readFile(new URL(name, import.meta.url), 'utf8')),
  );
  const listening = await Promise.all(hosts.map((host) => Listening.start(host, programs, tools)));
  try {
    const answers = await Promise.all(
      hosts.map((from) => {
        const own = questions.filter((question) => question.from === from.node.name);
        return askAll(from, own, { hosts, listening, programs, tools });
      }),
    );
    return answers.flat();
  } finally {
    await Promise.all(listening.map((one) => one.end()));
  }
}

function neighboursOf(hosts: readonly Surveyed[], i: number): readonly Surveyed[] {
  if (hosts.length <= NEIGHBOURS + 1) return hosts.filter((_host, k) => k !== i);
  const next = [...hosts, ...hosts].slice(i + 1, i + 1 + NEIGHBOURS);
  const managers = hosts.filter(({ node }) => node.role === 'manager');
  return [...new Set([...managers, ...next])].filter((host) => host !== hosts[i]);
}

function ask(from: Surveyed, to: Surveyed, cluster: Cluster): Question[] {
  const ports = swarmPorts(cluster).filter(({ managers }) => !managers || to.node.role === 'manager');
  const pair = { from: from.node.name, to: to.node.name };
  const packetBytes = underlayOf(from.node.name, from.address, from.facts)?.mtu;
  const whole =
    packetBytes === undefined
      ? []
      : [{ ...pair, protocol: 'udp' as const, port: cluster.swarm.dataPathPort, packetBytes }];
  return [...ports.map(({ protocol, port }) => ({ ...pair, protocol, port })), ...whole];
}

/** The program that listens on one host. */
class Listening {
  /** Whether it listens on a port itself, or something else does, such as the engine. */
  readonly ports: ReadonlyMap<string, 'bound' | 'busy'>;
  readonly #end: () => Promise<void>;

  private constructor(ports: Listening['ports'], end: () => Promise<void>) {
    this.ports = ports;
    this.#end = end;
  }

  /** Resolves when it listens. A host on which it can't be started listens on no ports. */
  static async start(
    { node }: Surveyed,
    programs: readonly string[],
    { cluster, remote, signal }: Tools,
  ): Promise<Listening> {
    const host = await remote.host(node.name, signal);
    const ports = swarmPorts(cluster).map(({ protocol, port }) => `${protocol}:${port}`);
    const said = new Map<string, 'bound' | 'busy'>();
    const { promise: ready, resolve } = Promise.withResolvers<string | undefined>();
    const onLine = (line: string) => {
      const [word, first = '', second = ''] = line.split(' ');
      if (word === 'bound' || word === 'busy') said.set(`${first}:${second}`, word);
      if (word === 'ready' && /^\d+$/.test(first)) resolve(first);
    };
    const limits = { signal, withinMs: (LISTEN_S + LATE_S) * 1000 };
    const ended = host.run(program(programs, 'listen', LISTEN_S, ports), { ...limits, onLine, okExit: 'any' }).then(
      () => resolve(undefined),
      () => resolve(undefined),
    );
    const pid = await ready;
    signal.throwIfAborted();
    return new Listening(said, async () => {
      // It may have ended already; if it can't be reached, it ends by itself after LISTEN_S.
      if (pid !== undefined) await host.run(['kill', pid], { okExit: 'any' }).catch(() => undefined);
      await ended;
    });
  }

  end(): Promise<void> {
    return this.#end();
  }
}

interface Round {
  readonly hosts: readonly Surveyed[];
  /** In the order of the hosts. */
  readonly listening: readonly Listening[];
  readonly programs: readonly string[];
  readonly tools: Tools;
}

async function askAll(from: Surveyed, questions: readonly Question[], round: Round): Promise<Link[]> {
  const { hosts, listening, tools } = round;
  const addressOf = new Map(hosts.map(({ node, address }) => [node.name, address]));
  const listens = new Map(hosts.map(({ node }, i) => [node.name, listening[i]?.ports]));
  const lineOf = ({ to, protocol, port, packetBytes }: Question) =>
    `${protocol} ${addressOf.get(to) ?? ''} ${port} ${packetBytes === undefined ? SMALL : packetBytes - HEADERS}`;
  const host = await tools.remote.host(from.node.name, tools.signal);
  const said = await answersTo(host, questions.map(lineOf), round);
  return questions.map((question): Link => {
    const answer = said.get(lineOf(question));
    if (answer === 'ok') return { ...question, result: 'ok', reason: '' };
    const reason = answer?.replace(/^fail /, '') ?? 'it has neither Perl nor Python to probe with';
    const who = listens.get(question.to)?.get(`${question.protocol}:${question.port}`);
    // A datagram to the engine's own ports has no defined answer. A TCP connection to them may be refused because the
    // program there listens on another address only; when it isn't even refused, it was stopped on the way.
    const stopped = question.protocol === 'tcp' && who === 'busy' && !/refused/i.test(reason);
    const known = answer !== undefined && (who === 'bound' || stopped);
    return { ...question, result: known ? 'failed' : 'unknown', reason };
  });
}

/** The answers, by the lines they answer. */
async function answersTo(
  host: Host,
  lines: readonly string[],
  { programs, tools }: Round,
): Promise<Map<string, string>> {
  const input = lines.map((line) => `${line}\n`).join('');
  try {
    const { stdout } = await host.run(program(programs, 'ask', ANSWER_S, []), { signal: tools.signal, input });
    return new Map(
      stdout.split('\n').flatMap((line) => {
        const match = /^(\S+ \S+ \d+ \d+) (ok|fail .*)$/.exec(line);
        return match?.[1] && match[2] ? [[match[1], match[2]] as const] : [];
      }),
    );
  } catch (error) {
    tools.signal.throwIfAborted();
    return new Map(lines.map((line) => [line, `fail ${messageOf(error)}`]));
  }
}

/** The command that runs the probe. */
function program(
  [perl = '', python = '']: readonly string[],
  mode: string,
  seconds: number,
  ports: readonly string[],
): string[] {
  return interpreted({ name: 'swarmup-probe', perl, python }, [mode, String(seconds), ...ports]);
}
