import { firstManager } from '../lib/config/model.ts';
import { SwarmupError } from '../lib/errors.ts';
import { existingMachines, type ExistingState } from '../lib/providers/existing.ts';
import { removeMachine } from '../lib/swarm/remove-machine.ts';
import { defineTask, onNodes, type Change } from '../lib/task.ts';

/** The first half of replacing a node: it gives up its work and leaves the swarm, and its machine goes. */
export default defineTask<ExistingState, Change>({
  id: 'retire-node',
  title: 'Old machine gone',
  about: 'Drains the node named with --node, takes it out of the swarm, and its machine away.',
  needs: [],
  explicit: true,
  ...existingMachines,
  targets: (cluster) => onNodes(cluster.nodes),
  plan: ({ machine }, { cluster, target }) => {
    if (target.id === firstManager(cluster).name) {
      throw new SwarmupError('USAGE', `${target.id} is the first manager, which keeps the swarm together`, {
        fix: 'Write the nodes as a list with another manager first; then this one can be replaced.',
      });
    }
    return machine
      ? [
          {
            action: 'remove',
            summary: machine.kept
              ? `node ${machine.name} (its machine stays)`
              : `node ${machine.name} and its machine, with all that is on its disk`,
          },
        ]
      : [];
  },
  apply: async (ctx, _changes, { machine }) => {
    if (machine) await removeMachine(ctx, machine);
  },
});
