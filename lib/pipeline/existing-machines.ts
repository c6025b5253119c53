import type { Abortable, RunContext, World } from '../contracts/context.ts';
import type { Cluster } from '../config/model.ts';
import type { Desired, Target } from '../contracts/target.ts';
import type { Machine } from '../contracts/provider.ts';

export interface ExistingState {
  readonly machine: Machine | undefined;
}

/** What it takes to look for the target's machine. */
type Look = Abortable & Pick<Desired, 'target'> & Pick<RunContext, 'provider'>;

/** What tasks on existing machines share: those that were there when the run began, also ones the file no longer has. */
export const existingMachines = {
  targets: (_cluster: Cluster, world: World): Target[] =>
    [...world.before.keys()].map((name) => ({ id: name, node: name })),
  check: async ({ provider, target, signal }: Look): Promise<ExistingState> => {
    const [machine] = await provider.list(signal, [target.id]);
    return { machine };
  },
  absent: (): ExistingState => ({ machine: undefined }),
};

/** The machines that swarmup made, and may take away. */
export function ownMachines(_cluster: Cluster, world: World): Target[] {
  return [...world.before.values()].filter(({ external }) => !external).map(({ name }) => ({ id: name, node: name }));
}

/** Why a machine's power is none of swarmup's business. */
export function keptForGood({ machine }: ExistingState): string | undefined {
  return machine?.external ? 'it was there before swarmup, which never powers it off' : undefined;
}
