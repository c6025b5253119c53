import type { UnitContext } from '../lib/context.ts';
import { pagesOf, untilPageAnswers, type Page } from '../lib/pages.ts';
import { listServices } from '../lib/swarm/read.ts';
import { NAMESPACE_LABEL } from '../lib/swarm/stack.ts';
import { defineTask, type Change, type Desired, type Target } from '../lib/task.ts';

interface State {
  /** Why there is nothing to ask. */
  readonly notDeployed: string | undefined;
  readonly requests: number;
}

/** HTTP from outside through every node and port. In the guide: opening http://NODE:80 and :9000 for every node. */
export default defineTask<State, Change>({
  id: 'verify-http',
  title: 'HTTP answers on every node',
  about: 'Asks every node for every published page, several times a replica, and compares status and body.',
  needs: ['configure-nodes', 'deploy-services', 'deploy-stacks', 'set-up-portainer'],
  verifies: true,
  targets: (cluster) =>
    cluster.nodes.flatMap((node) =>
      pagesOf(cluster)
        .filter(({ answersOn }) => answersOn(node))
        .map(({ check }) => ({ id: `${node.name}:${check.port}`, node: node.name })),
    ),
  check: async (ctx) => {
    const page = pageOf(ctx);
    if (page.optionalStack !== undefined && !(await isDeployed(ctx, page.optionalStack))) {
      return { notDeployed: `the stack ${page.optionalStack} is not deployed`, requests: 0 };
    }
    return { notDeployed: undefined, requests: await untilPageAnswers(ctx, ctx.node.name, page) };
  },
  absent: () => ({ notDeployed: undefined, requests: 0 }),
  skip: ({ notDeployed }) => notDeployed,
  plan: () => [],
  apply: () => Promise.resolve(),
});

function pageOf({ cluster, target }: Desired): Page {
  const page = pagesOf(cluster).find(({ check }) => portOf(target) === check.port);
  if (!page) throw new Error(`no check for ${target.id}`);
  return page;
}

function portOf(target: Target): number {
  return Number(target.id.slice(target.id.lastIndexOf(':') + 1));
}

async function isDeployed(ctx: UnitContext, stack: string): Promise<boolean> {
  const services = await listServices(await ctx.swarm.manager(ctx.signal), { label: [`${NAMESPACE_LABEL}=${stack}`] });
  return services.length > 0;
}
