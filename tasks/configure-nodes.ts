import type { Availability, NodeSpec, Role } from '../lib/config/model.ts';
import type { UnitContext } from '../lib/context.ts';
import { SwarmupError } from '../lib/errors.ts';
import type { Engine } from '../lib/remote/engine.ts';
import { listTasks } from '../lib/swarm/read.ts';
import type { SwarmNode } from '../lib/swarm/types.ts';
import { defineTask, onNodes, type Change } from '../lib/task.ts';
import { waitUntil } from '../lib/wait.ts';

interface State {
  readonly id: string;
  readonly status: string;
  readonly role: Role;
  readonly availability: Availability;
  readonly labels: Readonly<Record<string, string>>;
  /** Tasks that still run although the node is to be drained. */
  readonly runningTasks: number;
}

type NodeChange = Change & { readonly kind: 'role' | 'availability' | 'label' | 'drain' };

const DRAIN_DEADLINE_MS = 300_000;

/** Role, availability and labels of each node. In the guide: `docker node update --availability drain`. */
export default defineTask<State, NodeChange>({
  id: 'configure-nodes',
  title: 'Nodes configured',
  about: 'Sets role, availability and labels of the nodes; a drained node is waited for until it runs nothing.',
  needs: ['join-managers', 'join-workers', 'init-manager', { task: 'collect-token', of: 'all' }],
  targets: (cluster) => onNodes(cluster.nodes),
  check: async (ctx) => {
    const manager = await ctx.swarm.manager(ctx.signal);
    const found = await ctx.swarm.nodeByName(ctx.node.name, ctx.signal);
    if (!found) {
      throw new SwarmupError('NODE_ABSENT', `the swarm has no node ${ctx.node.name}`, {
        fix: `Run 'swarmup up' to join it.`,
      });
    }
    const drained = ctx.node.availability === 'drain';
    return { ...readNode(found), runningTasks: drained ? await runningTasks(manager, found.ID) : 0 };
  },
  absent: ({ cluster, target }) => {
    const role = cluster.nodes.find((node) => node.name === target.node)?.role ?? 'worker';
    return { id: '', status: 'ready', role, availability: 'active', labels: {}, runningTasks: 0 };
  },
  plan: (state, { cluster, target }) => {
    const node = cluster.nodes.find((n) => n.name === target.node);
    if (!node) return [];
    if (state.status === 'down') {
      throw new SwarmupError('NOT_AS_CONFIGURED', `${node.name} is down: the managers get no heartbeat from it`, {
        fix: "Run 'swarmup up' to start and rejoin it, or 'swarmup status' to see its machine.",
      });
    }
    return planNode(state, node);
  },
  apply: async (ctx, changes, state) => {
    const manager = await ctx.swarm.manager(ctx.signal);
    if (changes.some((change) => change.kind !== 'drain')) await update(ctx, manager, state.id);
    if (ctx.node.availability === 'drain') await waitUntilEmpty(ctx, manager, state.id);
  },
});

function readNode({ ID, Status, Spec }: SwarmNode): Omit<State, 'runningTasks'> {
  return { id: ID, status: Status.State, role: Spec.Role, availability: Spec.Availability, labels: Spec.Labels ?? {} };
}

function planNode(state: State, node: NodeSpec): NodeChange[] {
  const changes: NodeChange[] = [];
  const set = (kind: NodeChange['kind'], summary: string) =>
    changes.push({ kind, action: 'update', summary: `${node.name}: ${summary}` });
  if (state.role !== node.role) set('role', `role ${state.role} → ${node.role}`);
  if (state.availability !== node.availability)
    set('availability', `availability ${state.availability} → ${node.availability}`);
  for (const [key, value] of Object.entries(node.labels))
    if (state.labels[key] !== value) set('label', `label ${key}=${value}`);
  if (node.availability === 'drain' && state.availability === 'drain' && state.runningTasks > 0)
    set('drain', `wait for ${state.runningTasks} running tasks to stop`);
  return changes;
}

/** Reads, merges and writes the node's specification; labels set by others stay. */
async function update(ctx: UnitContext, manager: Engine, id: string): Promise<void> {
  const { role, availability, labels } = ctx.node;
  await manager.call(`update ${ctx.node.name}`, async (docker) => {
    const node: SwarmNode = await docker.getNode(id).inspect();
    await docker.getNode(id).update({
      ...node.Spec,
      Role: role,
      Availability: availability,
      Labels: { ...node.Spec.Labels, ...labels },
      version: node.Version.Index,
    });
  });
}

async function runningTasks(manager: Engine, node: string): Promise<number> {
  const tasks = await listTasks(manager, { node: [node] });
  return tasks.filter((task) => task.Status.State === 'running').length;
}

async function waitUntilEmpty(ctx: UnitContext, manager: Engine, id: string): Promise<void> {
  await waitUntil({
    until: `${ctx.node.name} runs no task any more`,
    probe: async () => {
      const count = await runningTasks(manager, id);
      return count === 0 ? { done: undefined } : { seen: `${count} tasks running` };
    },
    deadlineMs: DRAIN_DEADLINE_MS,
    intervalMs: 300,
    signal: ctx.signal,
    clock: ctx.clock,
    fix: `See what keeps running: swarmup ssh ${ctx.node.name} -- docker ps`,
    onSeen: (seen) => ctx.report(`draining; ${seen}`),
  });
}
