import type { Role } from '../config/model.ts';
import type { Engines, Hosts, Managers, OnNode, RunContext } from '../contracts/context.ts';
import { SwarmupError } from '../util/errors.ts';
import { created, removed, waiting, type Change } from '../contracts/change.ts';
import { waitUntil } from '../async/wait-until.ts';
import { localSwarm, type LocalSwarm } from './local-state.ts';
import { isMarked } from './labels.ts';
import { leaveSwarm } from './leave-swarm.ts';
import { isLeftBehind } from './abandoned-managers.ts';
import { sinceWhen } from './away.ts';
import { expiredMember, expiryOf, expiredOn, type ExpiredMember, type Expiry } from './expired.ts';
import { joinSwarm, type JoinWork } from './join-attempt.ts';
import { nameOf } from './read.ts';
import { removeNode, type NodeRemoval } from './remove-node.ts';
import { swarmRefusal } from '../remote/swarm-refusals.ts';
import type { SwarmNode } from '../contracts/swarm-types.ts';

export interface JoinState {
  readonly local: Pick<LocalSwarm, 'state' | 'nodeId' | 'error'>;
  /** The state in which the managers see this node: ready, down, disconnected, unknown. */
  readonly seen: string | undefined;
  /** Since when, in words. */
  readonly since: string;
  /** Whether it is still in the swarm from before a recovery. */
  readonly leftBehind: boolean;
  /** Whether it is a member of this swarm whose certificate expired while it was off. */
  readonly expired?: ExpiredMember | undefined;
  /** Nodes of this name whose machines are gone, replaced by another machine. */
  readonly ghosts: readonly SwarmNode[];
}

/** What the check of a node's membership needs. */
type Membership = Engines & Hosts & Managers & OnNode & Pick<RunContext, 'cluster'>;

/** What joining a node needs. */
type Joining = NodeRemoval & Membership & JoinWork;

const JOIN_DEADLINE_MS = 180_000;
const GHOST_DEADLINE_MS = 120_000;

/** Joining is the same for managers and workers, except for the token. */
export const joining = {
  check: async (ctx: Membership): Promise<JoinState> => {
    const local = await localSwarm(await ctx.engine(ctx.node.name));
    const nodes = await ctx.swarm.nodes(ctx.signal);
    const self = nodes.find((node) => node.ID === local.nodeId);
    const seen = self?.Status.State;
    const leftBehind = seen === undefined && (await isLeftBehind(ctx, local));
    const expired = leftBehind ? undefined : await expiredMember(ctx, local, nodes);
    const ghosts = ghostsOf(ctx, local, nodes, expired?.id);
    const known = local.state === 'inactive' ? {} : { seen, since: self ? sinceWhen(self) : '' };
    return { local, seen: undefined, since: '', ...known, leftBehind, expired, ghosts };
  },
  absent: (): JoinState => ({
    local: { state: 'inactive', nodeId: '', error: '' },
    seen: undefined,
    since: '',
    leftBehind: false,
    ghosts: [],
  }),
  plan: ({ local, seen, leftBehind, expired, ghosts }: JoinState, role: Role, node: string): Change[] => {
    const removals = ghosts.map((ghost) =>
      removed(['nodes', node, 'ids', ghost.ID], {
        reason: ghost.ID === expired?.id ? expiredWhen(expired) : 'replaced by another machine',
      }),
    );
    const join = created(['nodes', node], { role });
    if (local.state === 'inactive') return [...removals, join];
    if (leftBehind || expired)
      return [
        ...removals,
        removed(['nodes', node, 'swarm'], {
          from: expired ? 'expired' : 'old',
          reason: expired && expiredWhen(expired),
        }),
        join,
      ];
    if (local.state === 'locked') {
      throw new SwarmupError('SWARM_LOCKED', `${node}'s swarm is locked`, {
        fix: `Unlock it: swarmup up --only unlock-managers`,
      });
    }
    if (seen === undefined) throw notAMember(node, local);
    return local.state === 'active' && seen === 'ready'
      ? removals
      : [...removals, waiting(['nodes', node, 'status'], { from: seen, to: 'ready' })];
  },
  apply: async (ctx: Joining, role: Role, state: JoinState): Promise<void> => {
    // Before the new one counts as a manager, while a majority needs fewer nodes.
    for (const ghost of state.ghosts) await removeGhost(ctx, ghost);
    const leaves = state.leftBehind || state.expired !== undefined;
    if (leaves) await leaveSwarm(ctx, await ctx.engine(ctx.node.name), true);
    const joins = leaves || state.local.state === 'inactive';
    await (joins ? joinSwarm(ctx, role, () => untilReady(ctx, true)) : untilReady(ctx, false));
  },
};

/**
 * @param joins whether the engine joins just now: one that gives up then doesn't try again by itself. Source: moby,
 *   daemon/cluster/noderunner.go, handleNodeExit
 */
async function untilReady(ctx: Joining, joins: boolean): Promise<void> {
  const { name } = ctx.node;
  let wasActive = false;
  await waitUntil({
    until: `the managers see ${name} ready`,
    probe: async () => {
      const { local, seen, since } = await joining.check(ctx);
      if (local.state === 'active' && seen === 'ready') return { done: undefined };
      wasActive ||= local.state === 'active';
      if (joins && local.state === 'error' && !wasActive) throw gaveUp(name, local.error);
      const words = local.error === '' ? '' : ` (${local.error})`;
      return {
        seen: `engine: ${local.state}${words}; managers: ${seen ?? 'not known'}${seen === 'ready' ? '' : since}`,
      };
    },
    deadlineMs: JOIN_DEADLINE_MS,
    intervalMs: 300,
    signal: ctx.signal,
    clock: ctx.clock,
    fix: `The nodes must reach each other on 2377/tcp, 7946/tcp+udp and 4789/udp: swarmup doctor. Engine log: swarmup ssh ${name} -- sudo journalctl -u docker -n 50`,
    onSeen: (seen) => ctx.report(`waiting until ready; ${seen}`),
  });
}

function gaveUp(node: string, words: string): SwarmupError {
  const refusal = swarmRefusal(node, words);
  return new SwarmupError(
    refusal?.code ?? 'JOIN_FAILED',
    `${node}'s engine gave up joining the swarm: ${refusal ? `${refusal.because} (the engine: ${words})` : words}`,
    {
      fix: refusal?.fix ?? `Its log says more: swarmup ssh ${node} -- sudo journalctl -u docker -n 50`,
      transient: refusal?.transient ?? false,
    },
  );
}

/** A node in a swarm whose managers don't know it. */
function notAMember(node: string, local: JoinState['local']): SwarmupError {
  const expiry = expiryOf(local);
  if (expiry)
    return new SwarmupError(
      'SWARM_CERTIFICATE',
      `${node}'s certificate of a swarm expired${expiredOn(expiry)}, and this cluster's managers don't know the node that it names`,
      {
        fix: `If what it was a member of is no longer needed, make it leave; 'swarmup up' then joins it: swarmup ssh ${node} -- sudo docker swarm leave --force`,
      },
    );
  const which = local.nodeId === '' ? `its engine's state is ${local.state}` : `node ID ${local.nodeId}`;
  const words = local.error === '' ? '' : `; the engine: ${local.error}`;
  return new SwarmupError('SWARM_FOREIGN', `${node} is part of another swarm (${which}${words})`, {
    fix: `swarmup never leaves a swarm it didn't make. If that swarm is no longer needed: swarmup ssh ${node} -- sudo docker swarm leave --force`,
    // Perhaps an interrupted run asked it to join this one; then the managers know it in a moment.
    transient: local.state === 'pending',
  });
}

function expiredWhen(expiry: Expiry): string {
  return `its certificate expired${expiredOn(expiry)}`;
}

/**
 * Nodes of this cluster with the node's name that aren't the node itself. While its engine is in no swarm, they all
 * belong to earlier machines; later only those that are certainly down.
 */
function ghostsOf(
  { node: { name }, cluster }: OnNode & Pick<RunContext, 'cluster'>,
  local: LocalSwarm,
  nodes: readonly SwarmNode[],
  expiredId?: string,
): readonly SwarmNode[] {
  return nodes.filter(
    (node) =>
      node.ID !== local.nodeId &&
      nameOf(node) === name &&
      isMarked(node.Spec, cluster.name) &&
      (local.state === 'inactive' || node.Status.State === 'down' || node.ID === expiredId),
  );
}

/** The managers notice after some seconds that a node is gone; until then it looks alive. */
async function removeGhost(ctx: NodeRemoval & OnNode, { ID }: SwarmNode): Promise<void> {
  const dead = await waitUntil({
    until: `the managers see that the old ${ctx.node.name} (${ID}) is down`,
    probe: async () => {
      const now = (await ctx.swarm.nodes(ctx.signal)).find((node) => node.ID === ID);
      return now && now.Status.State !== 'down' ? { seen: `it is ${now.Status.State}` } : { done: now };
    },
    deadlineMs: GHOST_DEADLINE_MS,
    intervalMs: 500,
    signal: ctx.signal,
    clock: ctx.clock,
    fix: `Check whether a machine of that name still runs that the provider doesn't know (swarmup status), then remove the node by hand: swarmup exec --role manager -- sudo docker node rm --force ${ID}`,
    onSeen: () => ctx.report(`waiting until the old ${ctx.node.name} counts as down`),
  });
  if (dead) await removeNode(ctx, dead, undefined);
}
