import type { Availability, NodeSpec } from '../lib/config/model.ts';
import type { UnitContext } from '../lib/contracts/context.ts';
import { SwarmupError } from '../lib/util/errors.ts';
import { sinceWhen } from '../lib/swarm/away.ts';
import { runningTasks, updateNode, waitUntilEmpty } from '../lib/swarm/drain.ts';
import { localSwarm } from '../lib/swarm/local-state.ts';
import { managedKeys, markedLabels, NAME_LABEL, OWNER_LABEL } from '../lib/swarm/labels.ts';
import type { SwarmNode } from '../lib/contracts/swarm-types.ts';
import { defineTask } from '../lib/pipeline/task.ts';
import { onNodes } from '../lib/contracts/target.ts';
import { removed, updated, waiting, type Change } from '../lib/contracts/change.ts';

interface State {
  readonly id: string;
  readonly status: string;
  /** Since when, in words. */
  readonly since: string;
  readonly availability: Availability;
  readonly labels: Readonly<Record<string, string>>;
  /** Whether swarmup made the swarm: its nodes then carry a mark. */
  readonly ours: boolean;
  /** The machine's host name; empty while unknown. */
  readonly hostname: string;
  /** The number of tasks that still run on a node to be drained. */
  readonly runningTasks: number;
}

type NodeChange = Change & {
  readonly kind: 'availability' | 'label' | 'mark' | 'drain';
  /** The label to remove. */
  readonly key?: string;
};

/** Availability and labels of each node. By hand (docs/guide.md): `docker node update --availability drain`. */
export default defineTask<State, NodeChange>({
  id: 'configure-nodes',
  title: 'Nodes configured',
  about: 'Sets availability and labels of the nodes, and waits until drained nodes run nothing.',
  needs: ['join-managers', 'join-workers', 'init-manager', { task: 'set-roles', of: 'all' }],
  targets: (cluster) => onNodes(cluster.nodes),
  check: async (ctx) => {
    const manager = await ctx.swarm.manager(ctx.signal);
    const found = (await ctx.swarm.nodeByName(ctx.node.name, ctx.signal)) ?? (await ownNode(ctx));
    if (!found) {
      throw new SwarmupError('NODE_ABSENT', `the swarm has no node ${ctx.node.name}`, {
        fix: `Run 'swarmup up' to join it.`,
      });
    }
    const drained = ctx.node.availability === 'drain';
    const ours = await ctx.swarm.isOurs(ctx.signal);
    return { ...readNode(found), ours, runningTasks: drained ? await runningTasks(manager, found.ID) : 0 };
  },
  absent: () => ({
    id: '',
    status: 'ready',
    since: '',
    availability: 'active',
    labels: {},
    ours: true,
    hostname: '',
    runningTasks: 0,
  }),
  plan: (state, { cluster, target }) => {
    const node = cluster.nodes.find((n) => n.name === target.node);
    if (!node) return [];
    if (state.status === 'down') {
      throw new SwarmupError('NODE_DOWN', `${node.name} is down${state.since}: the managers get no heartbeat from it`, {
        fix: "Run 'swarmup up' to start and rejoin it, or 'swarmup status' to see its machine.",
      });
    }
    return planNode(state, node, cluster.name);
  },
  apply: async (ctx, changes, state) => {
    const manager = await ctx.swarm.manager(ctx.signal);
    const node = { name: ctx.node.name, id: state.id };
    if (changes.some((change) => change.kind !== 'drain'))
      await updateNode(manager, node, (spec) => specification(spec, ctx, changes, state));
    if (ctx.node.availability === 'drain') await waitUntilEmpty(ctx, manager, node);
  },
});

/** This machine's node, whatever its host name: the name in the file may be different. */
async function ownNode(ctx: UnitContext): Promise<SwarmNode | undefined> {
  const { nodeId } = await localSwarm(await ctx.engine());
  return (await ctx.swarm.nodes(ctx.signal)).find((node) => node.ID === nodeId);
}

function readNode(node: SwarmNode): Omit<State, 'runningTasks' | 'ours'> {
  const { ID, Status, Spec, Description } = node;
  const { Availability: availability, Labels: labels = {} } = Spec;
  return { id: ID, status: Status.State, since: sinceWhen(node), availability, labels, hostname: Description.Hostname };
}

/** The name to store on the node; undefined if it equals the host name. */
function nameToNote(hostname: string, node: NodeSpec): string | undefined {
  return hostname === '' || hostname === node.name ? undefined : node.name;
}

function planNode(state: State, node: NodeSpec, cluster: string): NodeChange[] {
  const changes: NodeChange[] = [];
  const own = ['nodes', node.name];
  const add = (kind: NodeChange['kind'], change: Change) => changes.push({ ...change, kind });
  if (state.availability !== node.availability)
    add('availability', updated([...own, 'availability'], state.availability, node.availability));
  for (const [key, value] of Object.entries(node.labels))
    if (state.labels[key] !== value) add('label', updated([...own, 'labels', key], state.labels[key], value));
  const managed = managedKeys(state.labels);
  const note = nameToNote(state.hostname, node);
  const unmarked = state.labels[OWNER_LABEL] !== cluster || (note !== undefined && state.labels[NAME_LABEL] !== note);
  // The nodes of an existing swarm are marked only when something else changes on them.
  const unmanaged = Object.keys(node.labels).some((key) => !managed.includes(key));
  if ((state.ours || changes.length > 0) && (unmarked || unmanaged))
    add('mark', updated([...own, 'mark'], undefined, cluster));
  for (const key of managed)
    if (!(key in node.labels) && key in state.labels) {
      const gone = removed([...own, 'labels', key], { from: state.labels[key], prune: true });
      changes.push({ ...gone, kind: 'label', key });
    }
  if (node.availability === 'drain' && state.availability === 'drain' && state.runningTasks > 0)
    add('drain', waiting([...own, 'tasks'], { from: state.runningTasks, to: 0 }));
  return changes;
}

/** The node's specification with exactly these changes. */
function specification(
  current: SwarmNode['Spec'],
  { node, cluster }: UnitContext,
  changes: readonly NodeChange[],
  { hostname }: State,
): SwarmNode['Spec'] {
  const kinds = new Set(changes.map((change) => change.kind));
  const remove = changes.flatMap((change) => change.key ?? []);
  return {
    ...current,
    Availability: kinds.has('availability') ? node.availability : current.Availability,
    Labels:
      kinds.has('label') || kinds.has('mark')
        ? markedLabels(current.Labels ?? {}, {
            wanted: node.labels,
            remove,
            cluster: cluster.name,
            name: nameToNote(hostname, node),
          })
        : (current.Labels ?? {}),
  };
}
