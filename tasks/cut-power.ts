import type { Machine } from '../lib/providers/provider.ts';
import { defineTask, onNodes, type Change } from '../lib/task.ts';

interface State {
  readonly machine: Machine | undefined;
}

/** A machine is gone from one moment to the next: for drills. */
export default defineTask<State, Change>({
  id: 'cut-power',
  title: 'Power cut',
  about: 'Ends the machines named with --node at once, as a power cut would; `up` starts them again.',
  needs: [],
  explicit: true,
  targets: (cluster) => onNodes(cluster.nodes),
  check: async (ctx) => {
    const [machine] = await ctx.provider.list(ctx.signal, [ctx.target.id]);
    return { machine };
  },
  absent: () => ({ machine: undefined }),
  plan: ({ machine }) =>
    machine?.state === 'running' ? [{ action: 'run', summary: `cut ${machine.name}'s power` }] : [],
  apply: async (ctx) => {
    await ctx.provider.cutPower(ctx.target.id, ctx.io);
    const [machine] = await ctx.provider.list(ctx.signal, [ctx.target.id]);
    if (machine) ctx.machines.set(machine);
  },
});
