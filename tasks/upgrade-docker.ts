import { onBehalfOf, type UnitContext } from '../lib/contracts/context.ts';
import { requireMajorityDuring } from '../lib/swarm/quorum.ts';
import { spreadOf } from '../lib/swarm/placement.ts';
import { listNodes, listServices, listTasks, nameOf } from '../lib/swarm/read.ts';
import type { SwarmNode } from '../lib/contracts/swarm-types.ts';
import {
  configurationChanges,
  needsRestart,
  type Configuration,
  type ConfigurationChange,
} from '../lib/docker/configure.ts';
import {
  DRAINED,
  isOutdated,
  maintainEngine,
  maintenanceOrder,
  prepareUpgrade,
  readConfiguration,
  requireSameDataRoot,
  type EngineWork,
} from '../lib/swarm/upgrade.ts';
import { CLUSTER } from '../lib/contracts/target.ts';
import { hasCode } from '../lib/util/errors.ts';
import { defineTask } from '../lib/pipeline/task.ts';
import { updated, type Change } from '../lib/contracts/change.ts';

interface Member {
  readonly node: SwarmNode;
  readonly found: Configuration;
}

interface State {
  /** This cluster's existing nodes that are ready, in the order in which their engines are changed. */
  readonly members: readonly Member[];
  /** All nodes of the swarm. */
  readonly nodes: readonly SwarmNode[];
}

type EngineChange = (ConfigurationChange | (Change & { readonly kind: 'version' })) & { readonly node: SwarmNode };

/** Changes the engines of swarm members, one at a time: the services keep answering. */
export default defineTask<State, EngineChange>({
  id: 'upgrade-docker',
  title: 'Docker up to date',
  about:
    'Upgrades the nodes of a running swarm to the pinned version of Docker and configures their engines, one at a time and the leader last: drain, change, activate, verify.',
  needs: [
    { task: 'configure-nodes', of: 'all', tolerant: true },
    { task: 'prune', of: 'all', tolerant: true },
    'configure-swarm',
    'rotate-tokens',
  ],
  // New machines get the right version and configuration when Docker is installed.
  targets: (_cluster, { before }) => (before.size > 0 ? [CLUSTER] : []),
  check: async (ctx) => {
    const nodes = await ctx.swarm.nodes(ctx.signal);
    const { version } = ctx.cluster.docker;
    const own = maintenanceOrder(nodes.filter((node) => ctx.cluster.nodes.some(({ name }) => name === nameOf(node))));
    for (const node of own.filter((one) => isAway(one) && isOutdated(one, version)))
      ctx.warn(`${nameOf(node)} is ${node.Status.State}, and keeps Docker ${versionOf(node)} until it is back`);
    // A machine that this run made is configured.
    const known = own.filter((node) => !isAway(node) && ctx.world.before.has(nameOf(node)));
    const members = await Promise.all(known.map((node) => memberOf(ctx, node)));
    return { nodes, members: members.filter((member) => member !== undefined) };
  },
  absent: () => ({ nodes: [], members: [] }),
  plan: ({ nodes, members }, { cluster }) =>
    members.flatMap(({ node, found }) => {
      const { version } = cluster.docker;
      const path = ['nodes', nameOf(node), 'docker', 'version'];
      const configuration = configurationChanges(nameOf(node), cluster, found, DRAINED);
      requireSameDataRoot(nameOf(node), configuration);
      const changes: EngineChange[] = configuration.map((one) => ({ ...one, node }));
      if (isOutdated(node, version))
        changes.unshift({ ...updated(path, versionOf(node), version), kind: 'version', node });
      if (workOn(node, found, changes).restarts) requireMajorityDuring(nodes, node);
      return changes;
    }),
  apply: async (ctx, changes, { members }) => {
    const all = members.map(({ node, found }) => workOn(node, found, changes));
    const works = all.filter(({ upgrades, configuration }) => upgrades || configuration.length > 0);
    // Before the first node is changed, it is certain that every node can get the version.
    const prepared = await Promise.all(
      works.map(async ({ node, found, configuration, upgrades }): Promise<EngineWork> => {
        const packages = upgrades ? await prepareUpgrade(onBehalfOf(ctx, nameOf(node)), node) : undefined;
        return { node, found, changes: configuration, packages };
      }),
    );
    for (const work of prepared) {
      ctx.signal.throwIfAborted();
      await maintainEngine(onBehalfOf(ctx, nameOf(work.node)), work);
    }
    if (works.some(({ restarts }) => restarts)) await adviseToRebalance(ctx);
  },
});

/** A machine that a plan finds off or starting is looked at once it runs. */
async function memberOf(ctx: UnitContext, node: SwarmNode): Promise<Member | undefined> {
  try {
    return { node, found: await readConfiguration(ctx, nameOf(node)) };
  } catch (error) {
    if (hasCode(error, 'MACHINE_ABSENT', 'MACHINE_STOPPED', 'SSH_UNREACHABLE')) return undefined;
    throw error;
  }
}

/** The changes of one node. */
function workOn(node: SwarmNode, found: Configuration, changes: readonly EngineChange[]) {
  const own = changes.filter((change) => change.node.ID === node.ID);
  const configuration = own.filter((change) => change.kind !== 'version');
  const upgrades = own.length > configuration.length;
  return { node, found, configuration, upgrades, restarts: upgrades || needsRestart(configuration) };
}

function isAway({ Status }: SwarmNode): boolean {
  return Status.State !== 'ready';
}

function versionOf({ Description }: SwarmNode): string {
  return Description.Engine.EngineVersion;
}

/** Tasks aren't moved back: the node upgraded last has none. */
async function adviseToRebalance(ctx: UnitContext): Promise<void> {
  const manager = await ctx.swarm.manager(ctx.signal);
  const [services, tasks, nodes] = await Promise.all([listServices(manager), listTasks(manager), listNodes(manager)]);
  const uneven = services.filter((service) => spreadOf(service, tasks, nodes).uneven).map(({ Spec }) => Spec.Name);
  if (uneven.length > 0)
    ctx.warn(
      `${uneven.join(', ')}: the tasks stay where the work on the engines moved them; 'swarmup rebalance' spreads them evenly`,
    );
}
