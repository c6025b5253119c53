import type { Cluster } from '../config/model.ts';
import type { Abortable, Hosts } from '../contracts/context.ts';
import {
  configurationChanges,
  configureEngine,
  differencesIn,
  needsRestart,
  type Configuration,
  type ConfigurationChange,
} from '../docker/configure.ts';
import { CONFIGURATION, validateDaemon } from '../docker/daemon-file.ts';
import { fetchEngine, installEngine, restartEngine, startEngine, type Installation } from '../docker/engine.ts';
import { runsVersion } from '../docker/manager.ts';
import { DATA_ROOT } from '../facts/resources.ts';
import { SwarmupError } from '../util/errors.ts';
import { gather } from '../remote/gather-facts.ts';
import { waitUntil } from '../async/wait-until.ts';
import { withNodeDrained, type Maintenance } from './maintenance.ts';
import { nameOf } from './read.ts';
import type { SwarmNode } from '../contracts/swarm-types.ts';

const KNOWN_MS = 120_000;
const INTERVAL_MS = 300;

/** Why a change of one engine takes a while, and what it costs. */
export const DRAINED = 'the node is drained meanwhile';

/** The nodes in the order in which their engines are changed: workers, managers, the leader. */
export function maintenanceOrder(nodes: readonly SwarmNode[]): readonly SwarmNode[] {
  const rank = ({ ManagerStatus }: SwarmNode) => (ManagerStatus ? (ManagerStatus.Leader ? 2 : 1) : 0);
  return nodes.toSorted((one, other) => rank(one) - rank(other));
}

/** Whether a node's engine has another version than the pinned one, if any is pinned. */
export function isOutdated({ Description }: SwarmNode, pinned: string | undefined): boolean {
  return pinned !== undefined && !runsVersion(Description.Engine.EngineVersion, pinned);
}

/**
 * Reads how a node's engine is configured, and lets the engine's own program check what is to become of it.
 *
 * @throws SwarmupError DAEMON_CONFIG_INVALID before anything is touched
 */
export async function readConfiguration(
  ctx: Hosts & Abortable & { readonly cluster: Cluster },
  node: string,
): Promise<Configuration> {
  const host = await ctx.host(node);
  const found = await gather(host, CONFIGURATION, ctx.signal);
  const differences = differencesIn(configurationChanges(node, ctx.cluster, found));
  await validateDaemon(host, found.daemon, differences, ctx.signal);
  return found;
}

/**
 * Refuses to give a node's engine another data folder: it would leave the swarm's state and all volumes behind.
 *
 * @throws SwarmupError DAEMON_CONFIG_INVALID
 */
export function requireSameDataRoot(node: string, changes: readonly ConfigurationChange[]): void {
  const moved = differencesIn(changes).find(
    ({ key, from, to }) => key === 'data-root' && (from ?? DATA_ROOT) !== (to ?? DATA_ROOT),
  );
  if (!moved) return;
  throw new SwarmupError(
    'DAEMON_CONFIG_INVALID',
    `${node} is in the swarm, so its docker.daemon.data-root can't be changed: its engine would lose the swarm, and all volumes`,
    {
      fix: `Remove the node first (swarmup down --node ${node}), then set data-root and run swarmup up. To keep it as it is, set data-root to ${JSON.stringify(moved.from ?? DATA_ROOT)}.`,
    },
  );
}

/** What is to be done to the engine of one node. */
export interface EngineWork {
  readonly node: SwarmNode;
  readonly found: Configuration;
  readonly changes: readonly ConfigurationChange[];
  /** The packages of another version, downloaded before anything stops; undefined: the version stays. */
  readonly packages: readonly string[] | undefined;
}

/**
 * Chooses and downloads the packages of the pinned version while the node keeps working.
 * @throws SwarmupError INSTALL_UNSUPPORTED, COMMAND_FAILED
 */
export async function prepareUpgrade(ctx: Installation, node: SwarmNode): Promise<readonly string[]> {
  return fetchEngine(ctx, nameOf(node));
}

/**
 * Upgrades and configures one node's engine without downtime. What a running engine applies needs no draining.
 *
 * @throws SwarmupError the errors of `withNodeDrained`; DAEMON_CONFIG_INVALID when the engine doesn't start with its new
 * configuration, and TIMED_OUT when the managers don't see the new version
 */
export async function maintainEngine(ctx: Maintenance & Installation, work: EngineWork): Promise<void> {
  const { node, found, changes, packages } = work;
  const name = nameOf(node);
  const pinned = packages && ctx.cluster.docker.version;
  const configure = async () => {
    if (changes.length > 0) await configureEngine(ctx, name, { cluster: ctx.cluster, found, changes });
  };
  if (pinned === undefined && !needsRestart(changes)) return configure();
  await withNodeDrained(ctx, node, async () => {
    if (pinned !== undefined) await upgrade(ctx, name, pinned, packages);
    await configure();
  });
  if (pinned !== undefined) await untilVersionIsKnown(ctx, node, pinned);
}

async function upgrade(
  ctx: Maintenance & Installation,
  name: string,
  pinned: string,
  packages: readonly string[] | undefined,
): Promise<void> {
  await installEngine(ctx, name, packages ? { fetched: packages } : {});
  const { version } = await startEngine(ctx, name);
  // Some packages don't restart a running engine.
  if (!runsVersion(version, pinned)) await restartEngine(ctx, name);
}

async function untilVersionIsKnown(ctx: Maintenance, node: SwarmNode, pinned: string): Promise<void> {
  const name = nameOf(node);
  await waitUntil({
    until: `the managers see Docker ${pinned} on ${name}`,
    probe: async () => {
      const now = (await ctx.swarm.nodes(ctx.signal)).find(({ ID }) => ID === node.ID);
      const version = now?.Description.Engine.EngineVersion ?? 'none';
      return runsVersion(version, pinned) ? { done: undefined } : { seen: version };
    },
    deadlineMs: KNOWN_MS,
    intervalMs: INTERVAL_MS,
    signal: ctx.signal,
    clock: ctx.clock,
    fix: `The other nodes were not changed. Its log: swarmup ssh ${name} -- sudo journalctl -u docker -n 50`,
  });
}
