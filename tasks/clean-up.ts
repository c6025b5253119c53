import { clientFolders, contextsOf, removeContexts } from '../lib/remote/docker-context.ts';
import { SwarmupError } from '../lib/util/errors.ts';
import { CLUSTER } from '../lib/contracts/target.ts';
import { defineTask } from '../lib/pipeline/task.ts';
import { removed, type Change } from '../lib/contracts/change.ts';

interface State {
  readonly folder: boolean;
  readonly path: string;
  /** Machines that still exist, and need what they share. */
  readonly machines: readonly string[];
  /** What the machines shared outside this computer. */
  readonly shared: readonly Change[];
  /** Docker contexts of this cluster. */
  readonly contexts: readonly string[];
}

/** Removes what the machines shared, and the state folder: keys, records, a generated password. */
export default defineTask<State, Change>({
  id: 'clean-up',
  title: 'Nothing left behind',
  about: "Removes what the machines shared, and the cluster's local folder with its keys.",
  removes: true,
  needs: [
    { task: 'leave-managers', of: 'all', tolerant: true },
    { task: 'destroy-machines', of: 'all', tolerant: true },
  ],
  targets: () => [CLUSTER],
  check: async (ctx) => {
    const machines = await ctx.provider.list(ctx.signal);
    return {
      folder: await ctx.state.exists(),
      path: ctx.state.path,
      machines: machines.filter(({ external }) => !external).map((machine) => machine.name),
      shared: (await ctx.provider.shared?.leftovers(ctx.signal)) ?? [],
      contexts: await contextsOf(ctx.cluster.stateDir, clientFolders(ctx.env)),
    };
  },
  absent: () => ({ folder: false, path: '', machines: [], shared: [], contexts: [] }),
  skip: ({ machines }) => (machines.length > 0 ? `machines are left: ${machines.join(', ')}` : undefined),
  plan: ({ folder, path, shared, contexts }) => [
    ...shared,
    ...contexts.map((name) => removed(['contexts', name])),
    ...(folder ? [removed(['stateDir'], { from: path })] : []),
  ],
  apply: async (ctx) => {
    const left = await ctx.provider.destroyShared(ctx.io);
    if (left.length > 0) {
      throw new SwarmupError('NOT_CONVERGED', `these could not be removed: ${left.join(', ')}`, {
        fix: "Run 'swarmup down' again; remove by hand what still remains.",
      });
    }
    await removeContexts(ctx.cluster.stateDir, clientFolders(ctx.env));
    await ctx.state.remove();
  },
});
