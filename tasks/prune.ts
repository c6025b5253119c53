import type { UnitContext } from '../lib/context.ts';
import { existingMachines } from '../lib/providers/existing.ts';
import type { Machine } from '../lib/providers/provider.ts';
import type { Engine } from '../lib/remote/engine.ts';
import { removeMachine } from '../lib/swarm/remove-machine.ts';
import { nameOf } from '../lib/swarm/read.ts';
import { removeNode } from '../lib/swarm/remove-node.ts';
import { findSurplus, surplusMachines } from '../lib/swarm/surplus.ts';
import type { SwarmNode } from '../lib/swarm/types.ts';
import { CLUSTER, defineTask, type Change, type Target } from '../lib/task.ts';

interface State {
  readonly services: readonly { readonly id: string; readonly name: string }[];
  readonly stacks: readonly string[];
  readonly nodes: readonly SwarmNode[];
  /** The machine that this unit is about. */
  readonly machine: Machine | undefined;
}

type Removal = Change &
  (
    | { readonly kind: 'service'; readonly id: string }
    | { readonly kind: 'stack'; readonly name: string }
    | { readonly kind: 'node'; readonly node: SwarmNode }
    | { readonly kind: 'machine' }
  );

/** What swarmup made and the cluster file doesn't name any more: said on every run, taken away with `--prune`. */
export default defineTask<State, Removal>({
  id: 'prune',
  title: 'Nothing left over',
  about: 'Finds services, stacks and nodes that the cluster file no longer names, and takes them away with --prune.',
  needs: [{ task: 'configure-nodes', of: 'all', tolerant: true }],
  targets: (cluster, world) => [CLUSTER, ...surplusMachines(cluster, world).map((id): Target => ({ id, node: id }))],
  check: async (ctx) => {
    if (ctx.target !== CLUSTER) return { ...NOTHING, ...(await existingMachines.check(ctx)) };
    const found = await findSurplus(await ctx.swarm.manager(ctx.signal), ctx.cluster, ctx.world);
    const services = found.services.map(({ ID, Spec }) => ({ id: ID, name: Spec.Name }));
    return { ...NOTHING, ...found, services };
  },
  absent: () => NOTHING,
  plan: ({ services, stacks, nodes, machine }) => [
    ...services.map(({ id, name }): Removal => ({ ...REMOVE, kind: 'service', id, summary: `service ${name}` })),
    ...stacks.map((name): Removal => ({ ...REMOVE, kind: 'stack', name, summary: `stack ${name}` })),
    ...nodes.map((node): Removal => {
      const summary = `node ${nameOf(node)} (${node.Status.State}, it has no machine)`;
      return { ...REMOVE, kind: 'node', node, summary };
    }),
    ...(machine ? [{ ...REMOVE, kind: 'machine' as const, summary: `node ${machine.name}${alsoIts(machine)}` }] : []),
  ],
  apply: async (ctx, changes, { machine }) => {
    for (const change of changes) {
      ctx.signal.throwIfAborted();
      if (change.kind === 'machine') {
        if (machine) await removeMachine(ctx, machine);
      } else await remove(ctx, await ctx.swarm.manager(ctx.signal), change);
    }
  },
});

/** Hosts that were there before leave the swarm only. */
function alsoIts({ kept }: Machine): string {
  return kept ? '' : ' and its machine';
}

const NOTHING: State = { services: [], stacks: [], nodes: [], machine: undefined };
const REMOVE = { action: 'remove', prune: true } as const;

async function remove(ctx: UnitContext, manager: Engine, change: Exclude<Removal, { kind: 'machine' }>): Promise<void> {
  ctx.report(`removing ${change.summary}`);
  if (change.kind === 'service')
    await manager.call(`remove the ${change.summary}`, (docker) => docker.getService(change.id).remove());
  else if (change.kind === 'node') await removeNode(ctx, manager, change.node, undefined);
  else {
    // Its networks, secrets and configs go with it, as there is no API for stacks.
    const host = await ctx.host(manager.node);
    await host.run(['docker', 'stack', 'rm', change.name], { signal: ctx.signal });
  }
}
