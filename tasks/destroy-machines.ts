import { defineTask, type Change } from '../lib/task.ts';
import type { Machine } from '../lib/providers/provider.ts';

interface State {
  readonly machine: Machine | undefined;
}

/** Takes the machines away: those of the cluster file and any other that carries the cluster's mark. */
export default defineTask<State, Change>({
  id: 'destroy-machines',
  title: 'Machines gone',
  about: "Takes away every machine that carries the cluster's mark.",
  needs: [],
  targets: (_cluster, world) => [...world.before.keys()].map((name) => ({ id: name })),
  check: async (ctx) => {
    const [machine] = await ctx.provider.list(ctx.signal, [ctx.target.id]);
    return { machine };
  },
  absent: () => ({ machine: undefined }),
  plan: ({ machine }) => (machine ? [{ action: 'remove', summary: `machine ${machine.name}` }] : []),
  apply: async (ctx) => {
    await ctx.provider.destroy(ctx.target.id, ctx.io);
    ctx.machines.delete(ctx.target.id);
  },
});
