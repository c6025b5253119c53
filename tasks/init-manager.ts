import { firstManager } from '../lib/config/model.ts';
import type { UnitContext } from '../lib/contracts/context.ts';
import { hasCode, SwarmupError } from '../lib/util/errors.ts';
import { localSwarm, swarmFolder, type LocalSwarm } from '../lib/swarm/local-state.ts';
import { joining, type JoinState } from '../lib/swarm/join.ts';
import { isLeftBehind } from '../lib/swarm/abandoned-managers.ts';
import { expiryOf } from '../lib/swarm/expired.ts';
import { hasNoLeader } from '../lib/swarm/find-manager.ts';
import { settled } from '../lib/swarm/initial.ts';
import { isMarked } from '../lib/swarm/labels.ts';
import { listNodes, nameOf } from '../lib/swarm/read.ts';
import { ownAddresses } from '../lib/swarm/addresses.ts';
import { chosenOverlap, noPoolBeside, poolBeside, type AddressPool } from '../lib/config/pools.ts';
import { subnetsInTheWay, takenNetworks } from '../lib/swarm/address-pool.ts';
import { defineTask } from '../lib/pipeline/task.ts';
import { onNodes } from '../lib/contracts/target.ts';
import { created, type Change } from '../lib/contracts/change.ts';

interface State {
  readonly local: Pick<LocalSwarm, 'state' | 'isManager' | 'error'>;
  /** Whether it is a worker of this cluster's own swarm, which is promoted later. */
  readonly ownWorker: boolean;
  /** Another configured node that is already part of a swarm. */
  readonly elsewhere: Elsewhere | undefined;
  /** How this node would join that swarm, if it is this cluster's own: its earlier machine is gone. */
  readonly join: JoinState | undefined;
  /** The address pool of a new swarm, if the cluster file names none. */
  readonly pool: AddressPool | undefined;
}

interface Elsewhere {
  readonly node: string;
  readonly clusterId: string | undefined;
  readonly isManager: boolean;
}

/** An engine that is in no swarm, or that doesn't run yet. */
const NO_SWARM: LocalSwarm = {
  state: 'inactive',
  nodeId: '',
  nodeAddress: '',
  isManager: false,
  managerAddresses: [],
  error: '',
  folder: swarmFolder(),
};

/** The first manager's swarm. By hand (docs/guide.md): `docker swarm init --advertise-addr`. */
export default defineTask<State, Change>({
  id: 'init-manager',
  title: 'First manager ready',
  about: 'Initialises the swarm on the first manager, or joins it if other managers already have it.',
  needs: [
    'install-docker',
    { task: 'restore-swarm', of: 'all' },
    'unlock-managers',
    // Machines that existed before this run may have a swarm; new ones can't, and aren't waited for.
    { task: 'provision', of: (other, _self, world) => world.before.has(other.node ?? ''), tolerant: true },
  ],
  targets: (cluster) => onNodes([firstManager(cluster)]),
  check: async (ctx) => {
    const local = await ledState(ctx);
    const expiry = expiryOf(local);
    const isFree = local.state === 'inactive' || expiry !== undefined || (await isLeftBehind(ctx, local));
    const other = isFree ? await elsewhere(ctx) : undefined;
    // Its error names every manager whose certificate has expired.
    if (expiry && !other?.isManager) await ctx.swarm.manager(ctx.signal);
    const join = other?.isManager ? await joinOwn(ctx, other) : undefined;
    const creates = local.state === 'inactive' && other === undefined;
    const pool = creates ? await freePool(ctx) : undefined;
    return { local, ownWorker: await isOwnWorker(ctx, local), elsewhere: other, join, pool };
  },
  absent: () => ({
    local: NO_SWARM,
    ownWorker: false,
    elsewhere: undefined,
    join: undefined,
    pool: undefined,
  }),
  plan: ({ local, ownWorker, elsewhere: other, join, pool }, { target }) => {
    if (join) return joining.plan(join, 'manager', target.id);
    if (local.state === 'active' && (local.isManager || ownWorker)) return [];
    if (local.state === 'active') throw foreign(target.id, 'is a worker of a swarm, and should be the first manager');
    if (local.state !== 'inactive') {
      const words = local.error === '' ? '' : `: ${local.error}`;
      throw foreign(target.id, `is in a swarm in state '${local.state}'${words}`);
    }
    if (other) {
      throw new SwarmupError(
        'SWARM_ELSEWHERE',
        `${target.id} is not in a swarm, but ${other.node} is${other.clusterId ? ` (cluster ${other.clusterId})` : ''}; swarmup never creates a second swarm beside the first`,
        {
          fix: `List a manager of that swarm first in the cluster file. If that swarm is no longer needed, make ${other.node} leave it: swarmup ssh ${other.node} -- sudo docker swarm leave --force`,
        },
      );
    }
    // The engine's default pool goes without saying.
    const chosen = pool?.reason === undefined ? {} : { addressPool: pool.networks };
    return [created(['swarm'], { manager: target.id, ...chosen }, { reason: pool?.reason })];
  },
  apply: async (ctx, _changes, { join, pool }) => {
    if (join) return joining.apply(ctx, 'manager', join);
    const engine = await ctx.engine();
    ctx.report(`initialising the swarm on ${ctx.node.name}`);
    await engine.call('initialise the swarm', (docker) =>
      docker.swarmInit({ ...ownAddresses(ctx, ctx.node.name), ...settled(ctx.cluster, pool?.networks) }),
    );
  },
});

/**
 * The pool of a swarm to be created; undefined if the cluster file names one.
 *
 * @throws SwarmupError PREFLIGHT_FAILED when every private network is taken; POOL_TAKEN when the file's choice is
 */
async function freePool(ctx: UnitContext): Promise<AddressPool | undefined> {
  const { cluster } = ctx;
  const taken = await takenNetworks(ctx);
  const overlap = chosenOverlap(cluster, ['pool', 'subnets'], taken);
  if (overlap) throw overlap;
  if (cluster.swarm.addressPool.length > 0) return undefined;
  const pool = poolBeside([...taken, ...subnetsInTheWay(cluster)], cluster.swarm.subnetSize);
  if (!pool) throw noPoolBeside(taken);
  return pool;
}

/**
 * A manager that restarted is pending until the others elect a leader. @throws SwarmupError SWARM_NO_QUORUM with the
 * arithmetic when they don't
 */
async function ledState(ctx: UnitContext): Promise<LocalSwarm> {
  const local = await ownState(ctx);
  if (local.state !== 'pending' || !hasNoLeader(local)) return local;
  await ctx.swarm.manager(ctx.signal);
  return ownState(ctx);
}

/** A machine on which Docker is still to be installed is in no swarm: a plan can tell what follows. */
async function ownState(ctx: UnitContext): Promise<LocalSwarm> {
  try {
    return await localSwarm(await ctx.engine());
  } catch (error) {
    if (!hasCode(error, 'ENGINE_UNREACHABLE')) throw error;
    return NO_SWARM;
  }
}

async function elsewhere(ctx: UnitContext): Promise<Elsewhere | undefined> {
  // A restored swarm may be on a machine that is as new as this one.
  const restored = ctx.cluster.request?.restore?.manifest.manager.name;
  const others = ctx.cluster.nodes.filter(
    ({ name }) => name !== ctx.node.name && (ctx.world.before.has(name) || name === restored),
  );
  const found = await Promise.all(
    others.map(async (node) => {
      try {
        const local = await localSwarm(await ctx.engine(node.name));
        const { clusterId } = local;
        // A node's own claim proves nothing: only nodes that are managers in the file count.
        const isManager = local.isManager && node.role === 'manager';
        return local.state === 'inactive' ? undefined : { node: node.name, clusterId, isManager };
      } catch (error) {
        // A node without an engine isn't in a swarm.
        if (hasCode(error, 'ENGINE_UNREACHABLE', 'MACHINE_ABSENT')) return undefined;
        throw error;
      }
    }),
  );
  const members = found.filter((entry) => entry !== undefined);
  return members.find((entry) => entry.isManager) ?? members[0];
}

/** Whether the managers know the node and it carries the cluster's mark; false if no manager answers. */
async function isOwnWorker(ctx: UnitContext, { state, isManager, nodeId }: LocalSwarm): Promise<boolean> {
  if (state !== 'active' || isManager) return false;
  try {
    const self = (await ctx.swarm.nodes(ctx.signal)).find(({ ID }) => ID === nodeId);
    return self !== undefined && isMarked(self.Spec, ctx.cluster.name);
  } catch (error) {
    if (hasCode(error, 'SWARM_NO_MANAGER')) return false;
    throw error;
  }
}

/** Only a swarm that swarmup marked as this cluster's own is joined. */
async function joinOwn(ctx: UnitContext, other: Elsewhere): Promise<JoinState | undefined> {
  const nodes = await listNodes(await ctx.engine(other.node));
  const member = nodes.find((node) => nameOf(node) === other.node);
  const ours = member !== undefined && isMarked(member.Spec, ctx.cluster.name);
  return ours ? joining.check(ctx) : undefined;
}

function foreign(node: string, what: string): SwarmupError {
  return new SwarmupError('SWARM_FOREIGN', `${node} ${what}`, {
    fix: `swarmup never leaves a swarm it didn't make. Check it (swarmup ssh ${node} -- sudo docker info), and leave it by hand if it is no longer needed.`,
  });
}
