import { hasCode } from '../lib/errors.ts';
import { OWNER_LABEL } from '../lib/swarm/labels.ts';
import { listServices } from '../lib/swarm/read.ts';
import { NAMESPACE_LABEL, STACK_LABEL } from '../lib/swarm/stack.ts';
import { CLUSTER, defineTask, type Change } from '../lib/task.ts';

interface State {
  readonly services: readonly { readonly id: string; readonly name: string }[];
  readonly stacks: readonly string[];
}

type Removal = Change & { readonly kind: 'service' | 'stack'; readonly id: string };

const NONE: State = { services: [], stacks: [] };

/** Before hosts that stay leave the swarm: nothing then moves from one to the next, each with less time to stop it in. */
export default defineTask<State, Removal>({
  id: 'remove-services',
  title: 'Services gone',
  about: 'Removes the services and stacks that swarmup made, before the hosts they run on leave the swarm.',
  needs: [],
  targets: (_cluster, { before }) => ([...before.values()].some(({ kept }) => kept) ? [CLUSTER] : []),
  check: async (ctx) => {
    try {
      const nodes = await ctx.swarm.nodes(ctx.signal);
      // Of a swarm that isn't this cluster's, nothing is touched.
      if (!nodes.some(({ Spec }) => Spec.Labels?.[OWNER_LABEL] === ctx.cluster.name)) return NONE;
      const services = await listServices(await ctx.swarm.manager(ctx.signal));
      const stacks = services.filter(({ Spec }) => Spec.Labels?.[STACK_LABEL] !== undefined);
      const own = services.filter(
        (one) => one.Spec.Labels?.[OWNER_LABEL] === ctx.cluster.name && !stacks.includes(one),
      );
      return {
        services: own.map(({ ID, Spec }) => ({ id: ID, name: Spec.Name })),
        stacks: [...new Set(stacks.flatMap(({ Spec }) => Spec.Labels?.[NAMESPACE_LABEL] ?? []))],
      };
    } catch (error) {
      // Where there is no swarm, there are no services.
      if (hasCode(error, 'SWARM_NO_MANAGER', 'ENGINE_UNREACHABLE')) return NONE;
      throw error;
    }
  },
  absent: () => NONE,
  plan: ({ services, stacks }) => [
    ...services.map(({ id, name }): Removal => ({ kind: 'service', id, action: 'remove', summary: `service ${name}` })),
    ...stacks.map((name): Removal => ({ kind: 'stack', id: name, action: 'remove', summary: `stack ${name}` })),
  ],
  apply: async (ctx, changes) => {
    const manager = await ctx.swarm.manager(ctx.signal);
    for (const { kind, id, summary } of changes) {
      ctx.signal.throwIfAborted();
      ctx.report(`removing ${summary}`);
      if (kind === 'service') await manager.call(`remove the ${summary}`, (docker) => docker.getService(id).remove());
      else await (await ctx.host(manager.node)).run(['docker', 'stack', 'rm', id], { signal: ctx.signal });
    }
  },
});
