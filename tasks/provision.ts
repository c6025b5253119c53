import type { Change } from '../lib/task.ts';
import type { Machine, Provider } from '../lib/providers/provider.ts';
import type { NodeSpec } from '../lib/config/model.ts';
import { defineTask, onNodes } from '../lib/task.ts';

interface State {
  readonly provider: Pick<Provider, 'plan'> | undefined;
  readonly node: NodeSpec | undefined;
  readonly machine: Machine | undefined;
}

/** Creates or starts each node's machine. In the guide: `docker-machine create` for manager1, worker1 and worker2. */
export default defineTask<State, Change>({
  id: 'provision',
  title: 'Machines running',
  about: 'Creates the machines, starts those that are powered off, and opens the ports clients need.',
  needs: [],
  targets: (cluster) => onNodes(cluster.nodes),
  check: async (ctx) => {
    const [machine] = await ctx.provider.list(ctx.signal, [ctx.node.name]);
    return { provider: ctx.provider, node: ctx.node, machine };
  },
  absent: () => ({ provider: undefined, node: undefined, machine: undefined }),
  plan: ({ provider, node, machine }, { target }) =>
    provider && node ? provider.plan(node, machine) : [{ action: 'create', summary: `machine ${target.id}` }],
  apply: async (ctx) => {
    ctx.machines.set(await ctx.provider.create(ctx.node, ctx.io));
  },
});
