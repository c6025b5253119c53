import { readReceipt, type Receipt } from '../lib/docker/receipt.ts';
import { uninstallDocker } from '../lib/docker/uninstall.ts';
import { localSwarm } from '../lib/swarm/local-state.ts';
import { hasCode } from '../lib/util/errors.ts';
import type { UnitContext } from '../lib/contracts/context.ts';
import { defineTask } from '../lib/pipeline/task.ts';
import { onNodes } from '../lib/contracts/target.ts';
import { removed, type Change } from '../lib/contracts/change.ts';

interface State {
  /** What swarmup installed there; undefined if Docker existed before, or isn't installed at all. */
  readonly receipt: Receipt | undefined;
  readonly inSwarm: boolean;
}

/** For `down --uninstall`: removes what swarmup installed on existing hosts, and nothing else. */
export default defineTask<State, Change>({
  id: 'uninstall-docker',
  title: 'Docker uninstalled',
  about:
    'Removes the packages and files that swarmup installed on hosts; volumes and images stay in the data folder of the engine.',
  needs: [
    { task: 'leave-workers', of: 'same' },
    { task: 'leave-managers', of: 'same' },
  ],
  targets: (cluster, { before }) => onNodes(cluster.nodes.filter(({ name }) => before.get(name)?.external)),
  check: async (ctx) => ({ receipt: await readReceipt(await ctx.host(), ctx.signal), inSwarm: await isInSwarm(ctx) }),
  absent: () => ({ receipt: undefined, inSwarm: false }),
  skip: ({ receipt, inSwarm }) => {
    if (inSwarm) return 'it is still in a swarm';
    return receipt ? undefined : 'swarmup installed nothing there, and removes nothing that existed before';
  },
  plan: ({ receipt }, { target }) =>
    receipt
      ? [
          removed(['nodes', target.id, 'docker'], {
            from: [...receipt.packages, ...receipt.files],
            reason: 'volumes and images stay',
          }),
        ]
      : [],
  apply: async (ctx, _changes, { receipt }) => {
    if (!receipt) return;
    ctx.report('removing packages');
    await uninstallDocker(await ctx.host(), receipt, ctx);
  },
});

async function isInSwarm(ctx: UnitContext): Promise<boolean> {
  try {
    return (await localSwarm(await ctx.engine())).state !== 'inactive';
  } catch (error) {
    if (hasCode(error, 'ENGINE_UNREACHABLE')) return false;
    throw error;
  }
}
