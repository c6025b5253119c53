import type { StackSpec } from '../lib/config/model.ts';
import type { UnitContext, Warnings } from '../lib/contracts/context.ts';
import { untilPageAnswers } from '../lib/swarm/http-checks.ts';
import { pagesOf, type Page } from '../lib/swarm/pages.ts';
import { listNodes, listServices, listTasks, nameOf } from '../lib/swarm/read.ts';
import { awayWithItsNode, NAMESPACE_LABEL, PINNED_LABEL } from '../lib/swarm/stack.ts';
import type { SwarmNode } from '../lib/contracts/swarm-types.ts';
import { defineTask } from '../lib/pipeline/task.ts';
import type { Change } from '../lib/contracts/change.ts';
import type { Desired } from '../lib/contracts/target.ts';

interface State {
  /** Why there is nothing to check. */
  readonly silent: string | undefined;
  readonly requests: number;
}

/** Checks HTTP from outside through every node and port. By hand (docs/guide.md): curl for every node. */
export default defineTask<State, Change>({
  id: 'verify-http',
  title: 'HTTP answers on every node',
  about: 'Requests every published page from every node, several times per replica, and checks status and body.',
  needs: ['configure-nodes', 'deploy-services', 'deploy-stacks', 'roll-images', 'set-up-portainer'],
  verifies: true,
  targets: (cluster) =>
    cluster.nodes.flatMap((node) =>
      pagesOf(cluster)
        .filter(({ answersOn }) => answersOn(node))
        .map((page) => ({ id: `${node.name}:${page.id}`, node: node.name })),
    ),
  check: async (ctx) => {
    const page = pageOf(ctx);
    if (page.check.insecure) warnInsecure(ctx, page);
    const silent = (page.stack && (await whySilent(ctx, page.stack))) ?? (await withoutTask(ctx, page));
    return { silent, requests: silent ? 0 : await untilPageAnswers(ctx, ctx.node.name, page) };
  },
  absent: () => ({ silent: undefined, requests: 0 }),
  skip: ({ silent }) => silent,
  plan: () => [],
  apply: () => Promise.resolve(),
});

function pageOf({ cluster, target }: Desired): Page {
  const page = pagesOf(cluster).find(({ id }) => target.id === `${target.node}:${id}`);
  if (!page) throw new Error(`no check for ${target.id}`);
  return page;
}

function warnInsecure(ctx: Warnings, { of, check: { port } }: Page): void {
  const what = `${of}: port ${port} is checked without its certificate (insecure: true): anybody's server could answer`;
  ctx.warn(what, `insecure ${of} ${port}`);
}

/** A port in host mode answers only where a task is. */
async function withoutTask(ctx: UnitContext, { hostMode }: Page): Promise<string | undefined> {
  if (hostMode.length === 0) return undefined;
  const manager = await ctx.swarm.manager(ctx.signal);
  const [services, nodes] = await Promise.all([listServices(manager), listNodes(manager)]);
  const own = services.filter(({ Spec }) => hostMode.includes(Spec.Name)).map(({ ID }) => ID);
  const tasks = own.length > 0 ? await listTasks(manager, { service: own }) : [];
  const here = nodes.filter((node) => nameOf(node) === ctx.node.name).map(({ ID }) => ID);
  const runs = tasks.some(({ NodeID, Status }) => Status.State === 'running' && here.includes(NodeID ?? ''));
  return runs ? undefined : `no task of ${hostMode.join(', ')} runs on ${ctx.node.name}`;
}

/** Why a stack rightfully doesn't answer; undefined if it should. */
async function whySilent(ctx: UnitContext, stack: StackSpec): Promise<string | undefined> {
  const manager = await ctx.swarm.manager(ctx.signal);
  const services = await listServices(manager, { label: [`${NAMESPACE_LABEL}=${stack.name}`] });
  if (services.length === 0)
    return stack.whenUnreachable === 'skip' ? `the stack ${stack.name} is not deployed` : undefined;
  if (!services.some(({ Spec }) => Spec.Labels?.[PINNED_LABEL])) return undefined;
  const nodes = await listNodes(manager);
  const [away] = services.flatMap((service) => awayWithItsNode(service, nodes) ?? []);
  return away && `${stack.name} is pinned to ${nameOf(away)}, which holds its data and is ${stateOf(away)}`;
}

function stateOf({ Status, Spec }: SwarmNode): string {
  return Status.State === 'ready' ? Spec.Availability : Status.State;
}
