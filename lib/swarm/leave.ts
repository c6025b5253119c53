import type { NodeSpec } from '../config/model.ts';
import type { Engines, Managers, OnNode, RunContext, Work, World } from '../contracts/context.ts';
import { hasCode, SwarmupError } from '../util/errors.ts';
import type { Engine } from '../contracts/engine.ts';
import { onNodes, type Target } from '../contracts/target.ts';
import { removed, type Change } from '../contracts/change.ts';
import { localSwarm, type LocalSwarm } from './local-state.ts';
import { isMarked } from './labels.ts';
import { listNodes, nameOf } from './read.ts';
import { leaveSwarm } from './leave-swarm.ts';
import { removeNode } from './remove-node.ts';
import type { SwarmNode } from '../contracts/swarm-types.ts';

export interface LeaveState {
  readonly local: Pick<LocalSwarm, 'state' | 'isManager' | 'nodeId'>;
  /** The swarm's nodes; empty if no manager answered. */
  readonly nodes: readonly SwarmNode[];
  readonly cluster: string;
}

const NOWHERE: LeaveState = { local: { state: 'inactive', isManager: false, nodeId: '' }, nodes: [], cluster: '' };

/**
 * Leaving is the same for managers and workers, except for the last manager, which has no other manager to remove it.
 */
export const leaving = {
  targets: (nodes: readonly NodeSpec[], { before }: World): Target[] =>
    onNodes(nodes.filter(({ name }) => before.get(name)?.external)),
  check: async (ctx: Engines & Managers & OnNode & Pick<RunContext, 'cluster'>): Promise<LeaveState> => {
    try {
      const engine = await ctx.engine(ctx.node.name);
      const local = await localSwarm(engine);
      const asked = local.state === 'active' && !hasHalfLeft(local);
      const manager = asked ? await anyManager(ctx, engine, local) : undefined;
      return { local, nodes: manager ? await listNodes(manager) : [], cluster: ctx.cluster.name };
    } catch (error) {
      // Without an engine there is nothing to leave.
      if (hasCode(error, 'ENGINE_UNREACHABLE')) return NOWHERE;
      throw error;
    }
  },
  absent: (): LeaveState => NOWHERE,
  plan: ({ local, nodes, cluster }: LeaveState, node: string): Change[] => {
    if (local.state === 'inactive') return [];
    const membership = ['nodes', node, 'swarm'];
    if (hasHalfLeft(local)) return [removed(membership, { from: 'leaving' })];
    const own = nodes.filter(({ Spec }) => isMarked(Spec, cluster));
    if (!own.some(({ ID }) => ID === local.nodeId)) {
      throw new SwarmupError('SWARM_FOREIGN', `${node} is in a swarm that swarmup didn't make`, {
        fix: `swarmup never leaves such a swarm. To leave it by hand: swarmup ssh ${node} -- sudo docker swarm leave --force`,
      });
    }
    const others = nodes.filter(({ ID }) => ID !== local.nodeId);
    if (others.some(({ ManagerStatus }) => ManagerStatus) || !local.isManager) return [removed(membership)];
    if (others.length > 0) throw wouldStrand(node, others);
    return [removed(membership, { reason: 'it is the last node, so the swarm ends' })];
  },
  apply: async (
    ctx: Work & Engines & Managers & OnNode & Pick<RunContext, 'mutex'>,
    _changes: readonly Change[],
    { local, nodes }: LeaveState,
  ): Promise<void> => {
    const engine = await ctx.engine(ctx.node.name);
    const self = nodes.find(({ ID }) => ID === local.nodeId);
    if (self && nodes.length > 1) return removeNode(ctx, self, engine);
    await leaveSwarm(ctx, engine, true);
  },
};

/** Whether an engine ran out of time while leaving: it is no longer in a swarm, but reports that it is. */
function hasHalfLeft({ state, nodeId }: LeaveState['local']): boolean {
  return state === 'active' && nodeId === '';
}

/** A manager to list the nodes: a worker's own engine can't. */
function anyManager({ swarm, signal }: Managers, engine: Engine, { isManager }: LocalSwarm): Promise<Engine> {
  return isManager ? Promise.resolve(engine) : swarm.manager(signal);
}

function wouldStrand(node: string, others: readonly SwarmNode[]): SwarmupError {
  const names = others.map(nameOf).join(', ');
  return new SwarmupError('SWARM_FOREIGN', `${node} is the last manager, and the swarm still has ${names}`, {
    fix: 'Make them leave first (on each of them: sudo docker swarm leave --force), or add them to the cluster file.',
  });
}
