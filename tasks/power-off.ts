import { isOn } from '../lib/contracts/machines.ts';
import { existingMachines, keptForGood, type ExistingState } from '../lib/pipeline/existing-machines.ts';
import { defineTask } from '../lib/pipeline/task.ts';
import { step, type Change } from '../lib/contracts/change.ts';

/** Powers the machines off cleanly; `up` starts them again with everything on their disks. */
export default defineTask<ExistingState, Change>({
  id: 'power-off',
  title: 'Machines powered off',
  about: 'Powers the machines off cleanly and keeps their disks.',
  needs: [],
  ...existingMachines,
  skip: keptForGood,
  plan: ({ machine }) => (machine && isOn(machine) ? [step(['machines', machine.name], 'power-off')] : []),
  apply: (ctx) => ctx.provider.stop(ctx.target.id, ctx.io),
});
