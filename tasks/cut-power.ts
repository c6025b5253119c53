import { isOn } from '../lib/contracts/machines.ts';
import { existingMachines, keptForGood, type ExistingState } from '../lib/pipeline/existing-machines.ts';
import { defineTask } from '../lib/pipeline/task.ts';
import { onNodes } from '../lib/contracts/target.ts';
import { step, type Change } from '../lib/contracts/change.ts';

/** Cuts the power of machines, for drills. */
export default defineTask<ExistingState, Change>({
  id: 'cut-power',
  title: 'Power cut',
  about: 'Ends the machines named with --node immediately, like a power cut; `up` starts them again.',
  needs: [],
  explicit: true,
  ...existingMachines,
  targets: (cluster) => onNodes(cluster.nodes),
  skip: keptForGood,
  plan: ({ machine }) => (machine && isOn(machine) ? [step(['machines', machine.name], 'cut-power')] : []),
  apply: async (ctx) => {
    await ctx.provider.cutPower(ctx.target.id, ctx.io);
    const { machine } = await existingMachines.check(ctx);
    if (machine) ctx.machines.set(machine);
  },
});
