import type { Clock } from '../async/clock.ts';
import type { Remote } from '../contracts/remote.ts';
import { asSwarmupError, SwarmupError } from '../util/errors.ts';
import type { Engine } from '../contracts/engine.ts';
import { certificatesExpired, expiryOf, expiredOn } from './expired.ts';
import { localSwarm, type LocalSwarm } from './local-state.ts';
import { majority } from './quorum.ts';

/** If a manager doesn't answer within this time, the next one is asked in parallel, in milliseconds. */
const PATIENCE_MS = 3_000;
/**
 * How long to wait for more managers when too few answer to elect a leader, in milliseconds. An election takes seconds.
 */
const MORE_MANAGERS_MS = 30_000;
/** How long an election may take when enough managers answer, in milliseconds: slow machines need several attempts. */
const ELECTION_MS = 180_000;
const INTERVAL_MS = 500;

/** A node's answer about its part in the swarm. */
interface View {
  readonly node: string;
  readonly swarm?: LocalSwarm;
  readonly error?: SwarmupError;
}

export interface Search {
  /** Names of the managers in the cluster file, in the order they are asked. */
  readonly managers: readonly string[];
  /** Names of nodes that may still be managers against the file: trusted only if a manager from the file names them. */
  readonly others: readonly string[];
  /** The address a node advertises, from its provider: never from the node itself. */
  readonly addressOf: (node: string) => string | undefined;
  readonly remote: Remote;
  readonly clock: Clock;
}

/**
 * The engine of a manager that has a leader; waits for an election. Managers are sent secrets, so a node's own claim to
 * be one isn't trusted: the cluster file has to name it, or a member that is a manager in the file.
 *
 * @throws SwarmupError SWARM_NO_MANAGER, SWARM_NO_QUORUM with the arithmetic, SWARM_CERTIFICATE when certificates expired
 */
export async function findManager(search: Search, signal: AbortSignal): Promise<Engine> {
  const { managers, others, clock } = search;
  const start = clock.now();
  for (;;) {
    const first = await askInTurn(managers, search, signal);
    if ('engine' in first) return first.engine;
    const members = first.views.flatMap(({ swarm }) => (swarm ? [swarm] : []));
    const named = others.filter((node) => isNamed(search.addressOf(node), members));
    const second = await askInTurn(named, search, signal);
    if ('engine' in second) return second.engine;
    const leaderless = [...first.views, ...second.views].filter(({ swarm }) => swarm && hasNoLeader(swarm));
    if (leaderless.length === 0) throw noManager(first.views, clock.now());
    const enough = leaderless.length >= majority(countOf(leaderless));
    if (clock.now() - start >= (enough ? ELECTION_MS : MORE_MANAGERS_MS)) throw noQuorum(leaderless, first.views);
    await clock.sleep(INTERVAL_MS, signal);
  }
}

/**
 * Whether a trusted member of the swarm names the node at an address as a manager. Source: GET /info,
 * Swarm.RemoteManagers.
 */
export function isNamed(address: string | undefined, members: readonly LocalSwarm[]): boolean {
  return members.some(({ managerAddresses }) => managerAddresses.some((one) => one.replace(/:\d+$/, '') === address));
}

type Answer = { readonly engine: Engine } | { readonly views: readonly View[] };

/**
 * Asks the nodes in turn, without waiting for slow ones: a connection to a node that is gone may take a minute to fail.
 */
async function askInTurn(nodes: readonly string[], search: Search, signal: AbortSignal): Promise<Answer> {
  const views: View[] = [];
  const found = Promise.withResolvers<Answer>();
  const asked: Promise<void>[] = [];
  const patience = new AbortController();
  for (const node of nodes) {
    const ask = look(node, search.remote, signal).then(({ engine, ...view }) => {
      views.push(view);
      if (engine) found.resolve({ engine });
    });
    asked.push(ask);
    const waited = search.clock.sleep(PATIENCE_MS, AbortSignal.any([signal, patience.signal]));
    // It ends with the search, even if it has no answer yet.
    await Promise.race([ask, waited.catch(() => undefined)]);
    if (views.some((view) => view.node === node && isLed(view))) break;
  }
  const all = Promise.all(asked).then((): Answer => {
    const order = (view: View) => nodes.indexOf(view.node);
    return { views: views.toSorted((one, other) => order(one) - order(other)) };
  });
  const answer = await Promise.race([found.promise, all]);
  patience.abort();
  signal.throwIfAborted();
  return answer;
}

async function look(node: string, remote: Remote, signal: AbortSignal): Promise<View & { readonly engine?: Engine }> {
  try {
    const engine = await remote.engine(node, signal);
    const swarm = await localSwarm(engine);
    return { node, swarm, ...(isLed({ node, swarm }) ? { engine } : {}) };
  } catch (error) {
    return { node, error: asSwarmupError(error) };
  }
}

/** Whether a manager has a leader: only then it knows the cluster's ID. */
function isLed({ swarm }: View): boolean {
  return swarm?.state === 'active' && swarm.isManager && swarm.clusterId !== undefined;
}

/**
 * Whether an engine is a manager without a leader; one that restarted meanwhile stays pending, and one with an expired
 * certificate doesn't take part.
 */
export function hasNoLeader(swarm: LocalSwarm): boolean {
  const { state, isManager, clusterId, error } = swarm;
  if (state === 'pending') return /does not have a leader/.test(error);
  return (state === 'active' || expiryOf(swarm) !== undefined) && isManager && clusterId === undefined;
}

function inWords({ node, swarm, error }: View): string {
  if (!swarm) return error?.message ?? '';
  const expiry = expiryOf(swarm);
  if (expiry) return `${node}'s certificate expired${expiredOn(expiry)}`;
  if (swarm.state === 'inactive') return `${node} is not in a swarm (inactive)`;
  if (swarm.state !== 'active')
    return `${node}'s engine is out of its swarm (${swarm.state}${swarm.error === '' ? '' : `: ${swarm.error}`})`;
  return swarm.isManager ? `${node} is a manager without a leader` : `${node} is a worker`;
}

function noManager(views: readonly View[], now: number): SwarmupError {
  const expired = views.flatMap(({ node, swarm }) => {
    const expiry = swarm && expiryOf(swarm);
    return expiry ? [{ node, expiry }] : [];
  });
  if (expired.length > 0) {
    const others = views.filter(({ node }) => !expired.some((one) => one.node === node)).map(inWords);
    return certificatesExpired(expired, now, others.length > 0 ? ` (${others.join('; ')})` : '');
  }
  // For a single manager that didn't answer, its own error says more than "no manager".
  const [only] = views;
  if (views.length === 1 && only?.error) return only.error;
  return new SwarmupError(
    'SWARM_NO_MANAGER',
    `no configured manager is part of a swarm: ${views.map(inWords).join('; ')}`,
    { fix: "Run 'swarmup up' to initialise the swarm, or 'swarmup status' to see the machines and nodes." },
  );
}

/** The number of managers in the swarm, as far as they know. */
function countOf(leaderless: readonly View[]): number {
  return Math.max(leaderless.length, ...leaderless.map(({ swarm }) => swarm?.managerAddresses.length ?? 0));
}

function noQuorum(leaderless: readonly View[], views: readonly View[]): SwarmupError {
  const count = countOf(leaderless);
  const names = leaderless.map(({ node }) => node).join(', ');
  const enough = leaderless.length >= majority(count);
  const away = views.filter((view) => !leaderless.includes(view)).map(inWords);
  return new SwarmupError(
    'SWARM_NO_QUORUM',
    (enough
      ? count === 1
        ? `the swarm has no leader: ${names}, its only manager, doesn't become one`
        : `the swarm has no leader: ${names} answer, enough of ${count} managers, but don't elect one`
      : `the swarm has no leader: of ${count} managers only ${names} can be reached, and ${majority(count)} are needed for a majority`) +
      (away.length > 0 ? ` (${away.join('; ')})` : ''),
    {
      fix: enough
        ? "They must reach each other on 2377/tcp and must not be overloaded: check with 'swarmup doctor', and read their logs: swarmup exec --role manager -- sudo journalctl -u docker -n 50"
        : "Services keep running, but nothing can be changed. Bring the other managers back: 'swarmup up' starts machines that are off. Only when they are lost for good: 'swarmup recover'.",
    },
  );
}
