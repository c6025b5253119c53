import { defineTask, type Change } from '../lib/task.ts';
import type { Machine } from '../lib/providers/provider.ts';

interface State {
  readonly machine: Machine | undefined;
}

/** Powers the machines off cleanly; `up` starts them again with all that is on their disks. */
export default defineTask<State, Change>({
  id: 'power-off',
  title: 'Machines powered off',
  about: 'Powers the machines off cleanly and keeps their disks.',
  needs: [],
  targets: (_cluster, world) => [...world.before.keys()].map((name) => ({ id: name })),
  check: async (ctx) => {
    const [machine] = await ctx.provider.list(ctx.signal, [ctx.target.id]);
    return { machine };
  },
  absent: () => ({ machine: undefined }),
  plan: ({ machine }) =>
    machine?.state === 'running' ? [{ action: 'run', summary: `power ${machine.name} off` }] : [],
  apply: (ctx) => ctx.provider.stop(ctx.target.id, ctx.io),
});
