import { existingMachines, ownMachines, type ExistingState } from '../lib/pipeline/existing-machines.ts';
import { defineTask } from '../lib/pipeline/task.ts';
import { removed, type Change } from '../lib/contracts/change.ts';

/** Takes the machines away: those of the cluster file and any other that carries the cluster's mark. */
export default defineTask<ExistingState, Change>({
  id: 'destroy-machines',
  title: 'Machines gone',
  about: "Takes away every machine that carries the cluster's mark.",
  // Hosts that stay leave while the managers that go are still there.
  needs: [
    { task: 'leave-workers', of: 'all', tolerant: true },
    { task: 'leave-managers', of: 'all', tolerant: true },
  ],
  ...existingMachines,
  targets: ownMachines,
  plan: ({ machine }) => (machine ? [removed(['machines', machine.name])] : []),
  apply: async (ctx) => {
    await ctx.provider.destroy(ctx.target.id, ctx.io);
    ctx.machines.delete(ctx.target.id);
  },
});
