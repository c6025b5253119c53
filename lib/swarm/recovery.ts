import type { Engines, Hosts, Managers, Provisioning, RunContext, Work } from '../contracts/context.ts';
import { asSwarmupError, hasCode, SwarmupError } from '../util/errors.ts';
import type { Machine } from '../contracts/provider.ts';
import { waitUntil } from '../async/wait-until.ts';
import { hasNoLeader, isNamed } from './find-manager.ts';
import { forceNewSwarm, takeLockOff } from './force-new.ts';
import { leaveSwarm } from './leave-swarm.ts';
import { localSwarm, type LocalSwarm } from './local-state.ts';
import { noteLost } from './abandoned-managers.ts';
import { countManagers, majority } from './quorum.ts';
import { listNodes, nameOf } from './read.ts';

const LEADER_MS = 120_000;

/** A node as it was found while nobody leads. */
export interface Found {
  readonly name: string;
  readonly machine: Machine | undefined;
  readonly swarm?: LocalSwarm;
  /** Why it couldn't be asked. */
  readonly error?: SwarmupError;
}

/** What a recovery comes to; nothing of it is done yet. */
export interface Recovery {
  /** The manager that goes on alone, with what it knows. */
  readonly keeper: Found & { readonly swarm: LocalSwarm };
  /** Managers that answer: they give up the swarm of before, and join anew later. */
  readonly leaving: readonly Found[];
  /** Managers whose machines swarmup made, and that don't answer: with their machines goes the swarm of before. */
  readonly discarded: readonly Found[];
  /** Managers on hosts that stay, and that don't answer. */
  readonly outOfReach: readonly Found[];
}

/** Looks at all nodes. Undefined when a manager leads: there is nothing to recover. */
export async function lookForLoss(
  ctx: Work & Engines & Managers & Pick<RunContext, 'cluster' | 'machines'>,
): Promise<readonly Found[] | undefined> {
  if (await isLed(ctx)) return undefined;
  return Promise.all(ctx.cluster.nodes.map(({ name }) => look(ctx, name)));
}

/** A leader takes some time to notice that too few of the others are left, and answers until then. */
async function isLed({ swarm, signal, clock, report }: Work & Managers): Promise<boolean> {
  return waitUntil({
    until: 'it is clear whether a manager leads',
    probe: async () => {
      try {
        swarm.forgetManager();
        const nodes = await listNodes(await swarm.manager(signal));
        const { reachable, total } = countManagers(nodes);
        if (reachable >= majority(total)) return { done: true };
        return { seen: `${reachable} of ${total} managers are reachable` };
      } catch (error) {
        if (hasCode(error, 'SWARM_NO_QUORUM', 'SWARM_NO_MANAGER')) return { done: false };
        // What a leader that is about to give up says to a question.
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

async function look(ctx: Engines & Pick<RunContext, 'machines'>, name: string): Promise<Found> {
  const machine = ctx.machines.get(name);
  try {
    return { name, machine, swarm: await localSwarm(await ctx.engine(name)) };
  } catch (error) {
    return { name, machine, error: asSwarmupError(error) };
  }
}

/**
 * Who goes on, and what becomes of the others. Pure.
 *
 * @param managers the names of the managers by the cluster file; others are believed only where one of these names them
 * @param chosen the manager to go on with; default: the first that knows the swarm
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
  if (!keeper) throw nobodyKnows(found, chosen);
  const total = Math.max(knowing.length, keeper.swarm.managerAddresses.length);
  if (knowing.length >= majority(total) && chosen === undefined)
    throw cannot(
      `${names(knowing)} answer, which is a majority of ${total} managers, and elect no leader`,
      "See whether they reach each other on 2377/tcp: 'swarmup doctor'. To go on with one alone all the same: swarmup recover --manager NAME",
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

/** Makes one swarm of what the keeper knows. No other part of the swarm of before can come back to it afterwards. */
export async function recover(
  ctx: Work & Engines & Hosts & Managers & Provisioning & Pick<RunContext, 'state' | 'env'>,
  { keeper, leaving, discarded }: Recovery,
): Promise<void> {
  for (const { name } of discarded) {
    ctx.report(`taking the machine ${name} away`);
    await ctx.provider.destroy(name, ctx.io);
    ctx.machines.delete(name);
  }
  for (const { name } of leaving) {
    ctx.report(`${name} leaves the swarm of before`);
    await leaveSwarm(ctx, await ctx.engine(name), true);
  }
  const [address = ''] = keeper.swarm.nodeAddress.split(':');
  await takeLockOff(ctx, keeper.name);
  await forceNewSwarm(ctx, keeper.name, address);
  await forgetOthers(ctx, keeper.name, keeper.swarm.nodeId);
}

/** After a new swarm was made of one manager: the others stay in its list as managers that are none. */
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

function nobodyKnows(found: readonly Found[], chosen: string | undefined): SwarmupError {
  const seen = found.map(
    ({ name, swarm, error }) =>
      `${name}: ${swarm ? `${swarm.isManager ? 'manager' : 'no manager'}, ${swarm.state}` : error?.message}`,
  );
  return cannot(
    `${chosen ?? 'no node that answers'} knows the swarm as a manager does (${seen.join('; ')})`,
    "Bring a manager's machine back, or restore a back-up onto new machines: swarmup restore FILE",
  );
}

function cannot(message: string, fix: string): SwarmupError {
  return new SwarmupError('CANNOT_RECOVER', message, { fix });
}
