import type { UnitContext } from '../lib/contracts/context.ts';
import { existingMachines } from '../lib/pipeline/existing-machines.ts';
import type { Machine } from '../lib/contracts/provider.ts';
import { removeMachine } from '../lib/swarm/remove-machine.ts';
import { nameOf } from '../lib/swarm/read.ts';
import { removeNode } from '../lib/swarm/remove-node.ts';
import { remove, removals, type Removal } from '../lib/swarm/removal.ts';
import { findSurplus, surplusMachines } from '../lib/swarm/orphans.ts';
import type { SwarmNode, SwarmService } from '../lib/contracts/swarm-types.ts';
import { lostWithIt, volumesOn, type LocalVolume } from '../lib/swarm/volumes.ts';
import { CLUSTER, type Target } from '../lib/contracts/target.ts';
import { defineTask } from '../lib/pipeline/task.ts';
import { removed, type Change } from '../lib/contracts/change.ts';
import { sentenceOf } from '../lib/contracts/change-sentence.ts';
import { waitUntil } from '../lib/async/wait-until.ts';

const OTHERS_MS = 600_000;

interface State {
  readonly services: readonly SwarmService[];
  readonly stacks: readonly string[];
  readonly nodes: readonly SwarmNode[];
  /** The machine of this unit. */
  readonly machine: Machine | undefined;
  /** The volumes of services on the machine's disk. */
  readonly volumes: readonly LocalVolume[];
}

type Pruning =
  Removal | (Change & ({ readonly kind: 'node'; readonly node: SwarmNode } | { readonly kind: 'machine' }));

/** What swarmup made and the cluster file no longer names: reported on every run, removed with `--prune`. */
export default defineTask<State, Pruning>({
  id: 'prune',
  title: 'Nothing left over',
  about: 'Finds services, stacks and nodes that the cluster file no longer names, and removes them with --prune.',
  needs: [{ task: 'configure-nodes', of: 'all', tolerant: true }],
  targets: (cluster, world) => [CLUSTER, ...surplusMachines(cluster, world).map((id): Target => ({ id, node: id }))],
  check: async (ctx) => {
    if (ctx.target !== CLUSTER) {
      const { machine } = await existingMachines.check(ctx);
      return { ...NOTHING, machine, volumes: machine && !machine.external ? await volumesOn(ctx, machine.name) : [] };
    }
    return { ...NOTHING, ...(await findSurplus(await ctx.swarm.manager(ctx.signal), ctx.cluster, ctx.world)) };
  },
  absent: () => NOTHING,
  plan: ({ services, stacks, nodes, machine, volumes }) => [
    ...removals(services, stacks, true),
    ...nodes.map((node): Pruning => {
      const reason = `${node.Status.State}, it has no machine`;
      return { ...removed(['nodes', nameOf(node)], { from: ['node'], reason, prune: true }), kind: 'node', node };
    }),
    ...(machine ? [{ ...withoutNode(machine, volumes), kind: 'machine' as const }] : []),
  ],
  apply: async (ctx, changes, { machine }) => {
    for (const change of changes) {
      ctx.signal.throwIfAborted();
      if (change.kind === 'machine') {
        if (machine) {
          await untilOthersAreGone(ctx, machine.name);
          await removeMachine(ctx, machine, await ctx.swarm.nodes(ctx.signal));
        }
        continue;
      }
      const manager = await ctx.swarm.manager(ctx.signal);
      if (change.kind === 'node') {
        ctx.report(`removing ${sentenceOf(change)}`);
        await removeNode(ctx, change.node, undefined);
      } else await remove(ctx, manager, change);
    }
  },
});

/** Of several managers the leader is removed last: removing a leader causes an election. */
async function untilOthersAreGone(ctx: UnitContext, name: string): Promise<void> {
  const surplus = new Set(surplusMachines(ctx.cluster, ctx.world));
  await waitUntil({
    until: 'the other managers have been removed',
    probe: async () => {
      const managers = (await ctx.swarm.nodes(ctx.signal)).filter(({ ManagerStatus }) => ManagerStatus);
      const leads = managers.some((node) => nameOf(node) === name && node.ManagerStatus?.Leader);
      const others = managers.map(nameOf).filter((one) => one !== name && surplus.has(one));
      return leads && others.length > 0 ? { seen: others.join(', ') } : { done: undefined };
    },
    deadlineMs: OTHERS_MS,
    intervalMs: 500,
    signal: ctx.signal,
    clock: ctx.clock,
    fix: 'See which nodes are still there (swarmup status), and run again.',
    onSeen: (seen) => ctx.report(`it is the leader, and is removed after ${seen}`),
  });
}

/** Existing hosts only leave the swarm. */
function withoutNode({ name, external }: Machine, volumes: readonly LocalVolume[]): Change {
  const from = external ? ['node'] : ['node', 'machine'];
  return removed(['nodes', name], { from, reason: lostWithIt(volumes), prune: true });
}

const NOTHING: State = { services: [], stacks: [], nodes: [], machine: undefined, volumes: [] };
