import type { Hosts } from '../contracts/context.ts';
import { fetchEngine, installEngine, restartEngine, startEngine, type Installation } from '../docker/engine.ts';
import { runsVersion } from '../docker/manager.ts';
import { waitUntil } from '../async/wait-until.ts';
import { withNodeDrained, type Maintenance } from './maintenance.ts';
import { nameOf } from './read.ts';
import type { SwarmNode } from '../contracts/swarm-types.ts';

const KNOWN_MS = 120_000;
const INTERVAL_MS = 300;

/** The nodes whose engines have another version, in the order of their upgrades: workers, managers, the leader. */
export function upgradeOrder(nodes: readonly SwarmNode[], pinned: string): readonly SwarmNode[] {
  const rank = ({ ManagerStatus }: SwarmNode) => (ManagerStatus ? (ManagerStatus.Leader ? 2 : 1) : 0);
  return nodes
    .filter(({ Description }) => !runsVersion(Description.Engine.EngineVersion, pinned))
    .toSorted((one, other) => rank(one) - rank(other));
}

/** What a node's upgrade needs, downloaded before anything stops. */
export interface Prepared {
  readonly node: SwarmNode;
  readonly packages: readonly string[];
}

/**
 * Chooses and downloads the packages while the node keeps working.
 * @throws SwarmupError INSTALL_UNSUPPORTED, COMMAND_FAILED
 */
export async function prepareUpgrade(ctx: Installation, node: SwarmNode): Promise<Prepared> {
  return { node, packages: await fetchEngine(ctx, nameOf(node)) };
}

/**
 * Upgrades one node's engine without downtime.
 * @param pinned the wanted version
 * @throws SwarmupError the errors of `withNodeDrained`, and TIMED_OUT when the managers don't see the new version
 */
export async function upgradeNode(
  ctx: Maintenance & Hosts,
  { node, packages }: Prepared,
  pinned: string,
): Promise<void> {
  const name = nameOf(node);
  await withNodeDrained(ctx, node, async () => {
    await installEngine(ctx, name, { fetched: packages });
    const { version } = await startEngine(ctx, name);
    // Some packages don't restart a running engine.
    if (!runsVersion(version, pinned)) await restartEngine(ctx, name);
  });
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
