import type { Role } from '../config/model.ts';
import type { Engines, Hosts, Managers, OnNode, RunContext } from '../contracts/context.ts';
import { SwarmupError } from '../util/errors.ts';
import { engineWords } from '../remote/engine.ts';
import type { Engine } from '../contracts/engine.ts';
import { created, removed, waiting, type Change } from '../contracts/change.ts';
import { waitUntil } from '../async/wait-until.ts';
import { localSwarm, type LocalSwarm } from './local-state.ts';
import { ownAddresses } from './addresses.ts';
import { isMarked } from './labels.ts';
import { leaveSwarm } from './leave-swarm.ts';
import { isLeftBehind } from './abandoned-managers.ts';
import { nameOf } from './read.ts';
import { removeNode, type NodeRemoval } from './remove-node.ts';
import type { SwarmNode } from '../contracts/swarm-types.ts';

export interface JoinState {
  readonly local: Pick<LocalSwarm, 'state' | 'nodeId' | 'error'>;
  /** The state in which the managers see this node: ready, down, disconnected, unknown. */
  readonly seen: string | undefined;
  /** Whether it is still in the swarm from before a recovery. */
  readonly leftBehind: boolean;
  /** Nodes of this name whose machines are gone, replaced by another machine. */
  readonly ghosts: readonly SwarmNode[];
}

/** What the check of a node's membership needs. */
type Membership = Engines & Hosts & Managers & OnNode & Pick<RunContext, 'cluster'>;

/** What joining a node needs. */
type Joining = NodeRemoval & Membership & Pick<RunContext, 'machines'>;

const JOIN_DEADLINE_MS = 180_000;
const GHOST_DEADLINE_MS = 120_000;

/** Joining is the same for managers and workers, except for the token. */
export const joining = {
  check: async (ctx: Membership): Promise<JoinState> => {
    const local = await localSwarm(await ctx.engine(ctx.node.name));
    const nodes = await ctx.swarm.nodes(ctx.signal);
    const seen = nodes.find((node) => node.ID === local.nodeId)?.Status.State;
    const leftBehind = seen === undefined && (await isLeftBehind(ctx, local));
    const ghosts = ghostsOf(ctx, local, nodes);
    return { local, seen: local.state === 'inactive' ? undefined : seen, leftBehind, ghosts };
  },
  absent: (): JoinState => ({
    local: { state: 'inactive', nodeId: '', error: '' },
    seen: undefined,
    leftBehind: false,
    ghosts: [],
  }),
  plan: ({ local, seen, leftBehind, ghosts }: JoinState, role: Role, node: string): Change[] => {
    const removals = ghosts.map((ghost) =>
      removed(['nodes', node, 'ids', ghost.ID], { reason: 'replaced by another machine' }),
    );
    const join = created(['nodes', node], { role });
    if (local.state === 'inactive') return [...removals, join];
    if (leftBehind) return [...removals, removed(['nodes', node, 'swarm'], { from: 'old' }), join];
    if (local.state === 'locked') {
      throw new SwarmupError('SWARM_LOCKED', `${node}'s swarm is locked`, {
        fix: `Unlock it: swarmup up --only unlock-managers`,
      });
    }
    if (seen === undefined) {
      throw new SwarmupError('SWARM_FOREIGN', `${node} is part of another swarm (node ID ${local.nodeId})`, {
        fix: `swarmup never leaves a swarm it didn't make. If that swarm is no longer needed: swarmup ssh ${node} -- sudo docker swarm leave --force`,
      });
    }
    return local.state === 'active' && seen === 'ready'
      ? removals
      : [...removals, waiting(['nodes', node, 'status'], { from: seen, to: 'ready' })];
  },
  apply: async (ctx: Joining, role: Role, state: JoinState): Promise<void> => {
    // Before the new one counts as a manager, while a majority needs fewer nodes.
    for (const ghost of state.ghosts) await removeGhost(ctx, ghost);
    if (state.leftBehind) await leaveSwarm(ctx, await ctx.engine(ctx.node.name), true);
    if (state.leftBehind || state.local.state === 'inactive') await join(ctx, role);
    await waitUntil({
      until: `the managers see ${ctx.node.name} ready`,
      probe: async () => {
        const now = await joining.check(ctx);
        if (now.local.state === 'active' && now.seen === 'ready') return { done: undefined };
        return {
          seen: `engine: ${now.local.state}${now.local.error ? ` (${now.local.error})` : ''}; managers: ${now.seen ?? 'not known'}`,
        };
      },
      deadlineMs: JOIN_DEADLINE_MS,
      intervalMs: 300,
      signal: ctx.signal,
      clock: ctx.clock,
      fix: `The nodes must reach each other on 2377/tcp, 7946/tcp+udp and 4789/udp. Engine log: swarmup ssh ${ctx.node.name} -- sudo journalctl -u docker -n 50`,
      onSeen: (seen) => ctx.report(`waiting until ready; ${seen}`),
    });
  },
};

/**
 * Nodes of this cluster with the node's name that aren't the node itself. While its engine is in no swarm, they all
 * belong to earlier machines; later only those that are certainly down.
 */
function ghostsOf(
  { node: { name }, cluster }: OnNode & Pick<RunContext, 'cluster'>,
  local: LocalSwarm,
  nodes: readonly SwarmNode[],
): readonly SwarmNode[] {
  return nodes.filter(
    (node) =>
      node.ID !== local.nodeId &&
      nameOf(node) === name &&
      isMarked(node.Spec, cluster.name) &&
      (local.state === 'inactive' || node.Status.State === 'down'),
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

/**
 * One attempt per manager address, because the engine itself tries only the first; a rotated token is fetched once
 * more.
 */
async function join(ctx: Joining, role: Role): Promise<void> {
  const engine = await ctx.engine(ctx.node.name);
  const addresses = await ctx.swarm.joinAddresses(ctx.signal);
  ctx.report(`joining as ${role}`);
  let fresh = false;
  let lastError: unknown;
  for (let i = 0; i < addresses.length; i++) {
    ctx.signal.throwIfAborted();
    try {
      await attempt(ctx, engine, role, [...addresses.slice(i), ...addresses.slice(0, i)]);
      return;
    } catch (error) {
      const words = engineWords(error);
      // After 20 s the engine answers although it is still joining: not a failure, the wait that follows sees the
      // outcome.
      if (/Timeout was reached before node joined|already part of a swarm/i.test(words)) return;
      lastError = error;
      if (/join token/i.test(words) && !fresh) {
        fresh = true;
        ctx.swarm.forgetTokens();
        i--;
      }
    }
  }
  throw lastError;
}

async function attempt(
  ctx: Managers & OnNode & Pick<RunContext, 'cluster' | 'machines'>,
  engine: Engine,
  role: Role,
  addresses: readonly string[],
): Promise<void> {
  const tokens = await ctx.swarm.joinTokens(ctx.signal);
  await engine.call(`join the swarm at ${addresses[0]}`, (docker) =>
    docker.swarmJoin({
      ...ownAddresses(ctx, ctx.node.name),
      RemoteAddrs: addresses,
      JoinToken: tokens[role].reveal(),
    }),
  );
}
