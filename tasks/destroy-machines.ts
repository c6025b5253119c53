import { existingMachines, ownMachines, type ExistingState } from '../lib/pipeline/existing-machines.ts';
import { defineTask } from '../lib/pipeline/task.ts';
import { removed, type Change } from '../lib/contracts/change.ts';

/** Removes the machines of the cluster file, and any other with the cluster's mark. */
export default defineTask<ExistingState, Change>({
  id: 'destroy-machines',
  title: 'Machines removed',
  about: "Removes every machine that carries the cluster's mark.",
  // Existing hosts leave the swarm while the managers on our machines still exist.
  removes: true,
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
