import { created, waiting, type Change } from '../lib/contracts/change.ts';
import { defineTask } from '../lib/pipeline/task.ts';
import { onNodes } from '../lib/contracts/target.ts';
import type { Machine, Provider } from '../lib/contracts/provider.ts';
import type { NodeSpec } from '../lib/config/model.ts';
import { lostWithIt, volumesOn, type LocalVolume } from '../lib/swarm/volumes.ts';
import { untilConnected } from '../lib/swarm/connected.ts';

interface State {
  readonly provider: Pick<Provider, 'plan'> | undefined;
  readonly node: NodeSpec | undefined;
  readonly machine: Machine | undefined;
  /** Whether it answers: a running machine may still be booting after an interrupted run. */
  readonly answers: boolean;
  /** For a machine to be recreated: the volumes of services on its disk. */
  readonly lost: readonly LocalVolume[];
}

/** Creates or starts each node's machine. By hand (docs/guide.md): `docker-machine create`. */
export default defineTask<State, Change>({
  id: 'provision',
  title: 'Machines running',
  about: 'Creates the machines, starts those that are powered off, and opens the ports that clients need.',
  needs: [{ task: 'require-swarm', of: 'all' }, { task: 'prepare-provider', of: 'all' }, 'retire-node'],
  targets: (cluster) => onNodes(cluster.nodes),
  check: async (ctx) => {
    const [machine] = await ctx.provider.list(ctx.signal, [ctx.node.name]);
    if (machine) ctx.machines.set(machine);
    const answers = machine?.state === 'running' && (await ctx.remote.answers(ctx.node.name, ctx.signal));
    const lost = machine || ctx.world.before.size === 0 ? [] : await volumesOn(ctx, ctx.node.name);
    return { provider: ctx.provider, node: ctx.node, machine, answers, lost };
  },
  absent: () => ({ provider: undefined, node: undefined, machine: undefined, answers: false, lost: [] }),
  plan: ({ provider, node, machine, answers, lost }, { target }) => {
    if (!provider || !node) return [created(['machines', target.id])];
    const reason = lostWithIt(lost);
    const changes = provider
      .plan(node, machine)
      .map((change, i) => (i === 0 && reason !== undefined ? { ...change, reason } : change));
    if (machine?.state !== 'running' || answers) return changes;
    return [...changes, waiting(['machines', node.name, 'ssh'], { to: 'answering' })];
  },
  apply: async (ctx) => {
    ctx.machines.set(await ctx.provider.create(ctx.node, ctx.io));
    await untilConnected(ctx);
  },
});
