import type { Abortable, Engines, Hosts, Managers, Provisioning, RunContext, Work } from '../contracts/context.ts';
import { asSwarmupError, hasCode, SwarmupError } from '../util/errors.ts';
import type { Machine } from '../contracts/provider.ts';
import { waitUntil } from '../async/wait-until.ts';
import { hasNoLeader, isNamed } from './find-manager.ts';
import { certificateOnDisk } from './certificates.ts';
import { expiryOf } from './expired.ts';
import { forceNewSwarm, takeLockOff } from './force-new.ts';
import { leaveSwarm } from './leave-swarm.ts';
import { localSwarm, type LocalSwarm } from './local-state.ts';
import { noteLost } from './abandoned-managers.ts';
import { countManagers, majority } from './quorum.ts';
import { listNodes, nameOf } from './read.ts';

const LEADER_MS = 120_000;

/** A node's state while the swarm has no leader. */
export interface Found {
  readonly name: string;
  readonly machine: Machine | undefined;
  readonly swarm?: LocalSwarm;
  /** Why it didn't answer. */
  readonly error?: SwarmupError;
}

/** The plan of a recovery; nothing is done yet. */
export interface Recovery {
  /** The manager from which the swarm is rebuilt. */
  readonly keeper: Found & { readonly swarm: LocalSwarm };
  /** Managers that answer: they leave the old swarm, and join the new one later. */
  readonly leaving: readonly Found[];
  /** Managers on swarmup's machines that don't answer: their machines are removed, and the old swarm with them. */
  readonly discarded: readonly Found[];
  /** Managers on existing hosts that don't answer. */
  readonly outOfReach: readonly Found[];
}

/** Checks all nodes. Undefined when there is a leader, and so nothing to recover. */
export async function lookForLoss(
  ctx: Work & Engines & Hosts & Managers & Pick<RunContext, 'cluster' | 'machines'>,
): Promise<readonly Found[] | undefined> {
  if (await isLed(ctx)) return undefined;
  return Promise.all(ctx.cluster.nodes.map(({ name }) => look(ctx, name)));
}

/** Whether the swarm has a leader. One takes some time to notice that it lost its majority, and answers until then. */
async function isLed({ swarm, signal, clock, report }: Work & Managers): Promise<boolean> {
  return waitUntil({
    until: 'it is clear whether the swarm has a leader',
    probe: async () => {
      try {
        swarm.forgetManager();
        const nodes = await listNodes(await swarm.manager(signal));
        const { reachable, total } = countManagers(nodes);
        if (reachable >= majority(total)) return { done: true };
        return { seen: `${reachable} of ${total} managers are reachable` };
      } catch (error) {
        if (hasCode(error, 'SWARM_NO_QUORUM', 'SWARM_NO_MANAGER', 'SWARM_CERTIFICATE')) return { done: false };
        // The answer of a leader that is about to step down.
        if (hasCode(error, 'ENGINE_REFUSED')) return { seen: error.message };
        throw error;
      }
    },
    deadlineMs: LEADER_MS,
    intervalMs: 1_000,
    signal,
    clock,
    fix: 'Run again.',
    onSeen: (seen) => report(seen),
  });
}

async function look(ctx: Abortable & Engines & Hosts & Pick<RunContext, 'machines'>, name: string): Promise<Found> {
  const machine = ctx.machines.get(name);
  try {
    const swarm = await localSwarm(await ctx.engine(name));
    if (!expiryOf(swarm)) return { name, machine, swarm };
    // Such an engine tells nothing about its node, but its disk does.
    const certificate = await certificateOnDisk(ctx, name, swarm.folder);
    const { id: nodeId = '', isManager = false } = certificate ?? {};
    return { name, machine, swarm: { ...swarm, nodeId, isManager } };
  } catch (error) {
    return { name, machine, error: asSwarmupError(error) };
  }
}

/**
 * Plans which manager to keep, and what happens to the others. Pure.
 *
 * @param managers the names of the managers in the cluster file; others are trusted only if one of these names them
 * @param chosen the manager to keep; default: the first that has the swarm's state
 * @throws SwarmupError CANNOT_RECOVER when no manager is left, or when there is a better way
 */
export function planRecovery(
  found: readonly Found[],
  managers: readonly string[],
  chosen: string | undefined,
): Recovery {
  const locked = found.filter(({ swarm }) => swarm?.state === 'locked');
  if (locked.length > 0)
    throw cannot(
      `${names(locked)} ${locked.length > 1 ? 'are' : 'is'} locked`,
      "'swarmup up' unlocks managers; try that first.",
    );
  const trusted = found.flatMap(({ name, swarm }) => (managers.includes(name) && swarm ? [swarm] : []));
  const knowing = found.filter(
    (one): one is Recovery['keeper'] =>
      one.swarm !== undefined &&
      hasNoLeader(one.swarm) &&
      (managers.includes(one.name) || isNamed(one.machine?.address, trusted)),
  );
  const keeper = knowing.find(({ name }) => chosen === undefined || name === chosen);
  if (!keeper) throw noSwarmState(found, chosen);
  const total = Math.max(knowing.length, keeper.swarm.managerAddresses.length);
  // Managers with expired certificates never elect a leader again.
  if (knowing.length >= majority(total) && chosen === undefined && !expiryOf(keeper.swarm))
    throw cannot(
      `${names(knowing)} answer, a majority of ${total} managers, but elect no leader`,
      "Check that they reach each other on 2377/tcp: 'swarmup doctor'. To rebuild the swarm from one of them anyway: swarmup recover --manager NAME",
    );
  const others = found.filter(
    (one) => one !== keeper && (managers.includes(one.name) || knowing.some((k) => k === one)),
  );
  const silent = others.filter(({ swarm }) => swarm === undefined);
  return {
    keeper,
    leaving: others.filter(
      ({ swarm }) => swarm !== undefined && swarm.state !== 'inactive' && (swarm.isManager || hasNoLeader(swarm)),
    ),
    discarded: silent.filter(({ machine }) => machine && !machine.external),
    outOfReach: silent.filter(({ machine }) => machine?.external),
  };
}

/** Makes a swarm from the kept manager's state. No other part of the old swarm can return to it afterwards. */
export async function recover(
  ctx: Work & Engines & Hosts & Managers & Provisioning & Pick<RunContext, 'cluster' | 'state' | 'env'>,
  { keeper, leaving, discarded }: Recovery,
): Promise<void> {
  for (const { name } of discarded) {
    ctx.report(`removing the machine ${name}`);
    await ctx.provider.destroy(name, ctx.io);
    ctx.machines.delete(name);
  }
  for (const { name } of leaving) {
    ctx.report(`${name} leaves the old swarm`);
    await leaveSwarm(ctx, await ctx.engine(name), true);
  }
  const [address = ''] = keeper.swarm.nodeAddress.split(':');
  await takeLockOff(ctx, keeper.name);
  await forceNewSwarm(ctx, keeper.name, address);
  await forgetOthers(ctx, keeper.name, keeper.swarm.nodeId);
}

/** Removes the other managers from the new swarm, which still lists them after it was made from one manager. */
export async function forgetOthers(
  ctx: Engines & Pick<Work, 'report'>,
  keeper: string,
  keeperId: string,
): Promise<void> {
  const manager = await ctx.engine(keeper);
  const gone = (await listNodes(manager)).filter(({ ID, Spec }) => Spec.Role === 'manager' && ID !== keeperId);
  if (gone.length === 0) return;
  await noteLost(
    manager,
    gone.map(({ ID }) => ID),
  );
  for (const node of gone) {
    ctx.report(`forgetting ${nameOf(node)}`);
    await manager.call(`remove ${nameOf(node)}`, (docker) => docker.getNode(node.ID).remove({ force: true }));
  }
}

function names(nodes: readonly Found[]): string {
  return nodes.map(({ name }) => name).join(', ');
}

function noSwarmState(found: readonly Found[], chosen: string | undefined): SwarmupError {
  const seen = found.map(
    ({ name, swarm, error }) =>
      `${name}: ${swarm ? `${swarm.isManager ? 'manager' : 'no manager'}, ${swarm.state}` : error?.message}`,
  );
  return cannot(
    `${chosen ?? 'no node that answers'} has a manager's state of the swarm (${seen.join('; ')})`,
    "Bring a manager's machine back, or restore a back-up to new machines: swarmup restore FILE",
  );
}

function cannot(message: string, fix: string): SwarmupError {
  return new SwarmupError('CANNOT_RECOVER', message, { fix });
}
