import type { Machines } from '../contracts/machines.ts';
import { SwarmupError } from '../util/errors.ts';
import type { Machine } from '../contracts/provider.ts';

/** The machines of a run, beginning with what the provider listed. */
export function machineTable(listed: readonly Machine[]): Machines {
  const table = new Map(listed.map((machine) => [machine.name, machine]));
  return {
    get: (node) => table.get(node),
    set: (machine) => void table.set(machine.name, machine),
    delete: (node) => void table.delete(node),
    all: () => [...table.values()],
    running: (node) => {
      const machine = table.get(node);
      if (!machine || machine.state === 'lost') {
        throw new SwarmupError('MACHINE_ABSENT', `${node} has no machine that can be reached`, {
          fix: "Run 'swarmup up' to create it.",
        });
      }
      if (machine.state === 'stopped') {
        throw new SwarmupError('MACHINE_STOPPED', `${node}'s machine is powered off`, {
          fix: "Run 'swarmup up' to start it.",
        });
      }
      if (machine.state === 'starting') {
        throw new SwarmupError('MACHINE_STOPPED', `${node}'s machine is not up yet`, {
          fix: "Run 'swarmup up': it waits until the machine can be reached.",
        });
      }
      return machine;
    },
  };
}
