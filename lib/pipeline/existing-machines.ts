import type { Abortable, RunContext, World } from '../contracts/context.ts';
import type { Cluster } from '../config/model.ts';
import type { Desired, Target } from '../contracts/target.ts';
import type { Machine } from '../contracts/provider.ts';

export interface ExistingState {
  readonly machine: Machine | undefined;
}

/** What the look-up of the target's machine needs. */
type Look = Abortable & Pick<Desired, 'target'> & Pick<RunContext, 'provider'>;

/**
 * What tasks on existing machines share: the machines that existed when the run began, including those no longer in the
 * file.
 */
export const existingMachines = {
  targets: (_cluster: Cluster, world: World): Target[] =>
    [...world.before.keys()].map((name) => ({ id: name, node: name })),
  check: async ({ provider, target, signal }: Look): Promise<ExistingState> => {
    const [machine] = await provider.list(signal, [target.id]);
    return { machine };
  },
  absent: (): ExistingState => ({ machine: undefined }),
};

/** The machines that swarmup made and may remove. */
export function ownMachines(_cluster: Cluster, world: World): Target[] {
  return [...world.before.values()].filter(({ external }) => !external).map(({ name }) => ({ id: name, node: name }));
}

/** Why swarmup must not power a machine off; undefined if it may. */
export function keptForGood({ machine }: ExistingState): string | undefined {
  return machine?.external ? 'it existed before swarmup, which never powers it off' : undefined;
}

/** Whether there are machines that existed before swarmup: then all hosts are surveyed, before any of them is changed. */
export function hasHosts({ before }: World): boolean {
  return [...before.values()].some(({ external }) => external);
}
