import type { Cluster, HttpCheck, NodeSpec, ServiceSpec } from '../lib/config/model.ts';
import type { UnitContext } from '../lib/context.ts';
import { messageOf, SwarmupError } from '../lib/errors.ts';
import { fits, traitsOfSpec } from '../lib/swarm/placement.ts';
import { listServices } from '../lib/swarm/read.ts';
import { NAMESPACE_LABEL } from '../lib/swarm/stack.ts';
import { defineTask, type Change, type Desired, type Target } from '../lib/task.ts';

interface State {
  /** Why there is nothing to ask. */
  readonly notDeployed: string | undefined;
  readonly requests: number;
}

interface Subject {
  readonly check: HttpCheck;
  readonly replicas: number;
  /** Whether the port is to answer on a node: through the routing mesh it does on all of them. */
  readonly answersOn: (node: NodeSpec) => boolean;
  /** The stack that publishes the port, when it is one that may be skipped. */
  readonly optionalStack: string | undefined;
}

const DEADLINE_MS = 120_000;
const INTERVAL_MS = 400;
const REQUEST_MS = 20_000;
/** Connections are dealt out to replicas in turn: two each find one that is broken. */
const REQUESTS_A_REPLICA = 2;
const MOST_REQUESTS = 24;

/** HTTP from outside through every node and port. In the guide: opening http://NODE:80 and :9000 for every node. */
export default defineTask<State, Change>({
  id: 'verify-http',
  title: 'HTTP answers on every node',
  about: 'Asks every node for every published page, several times a replica, and compares status and body.',
  needs: ['configure-nodes', 'deploy-services', 'deploy-stacks', 'set-up-portainer'],
  verifies: true,
  targets: (cluster) =>
    cluster.nodes.flatMap((node) =>
      subjects(cluster)
        .filter(({ answersOn }) => answersOn(node))
        .map(({ check }) => ({ id: `${node.name}:${check.port}`, node: node.name })),
    ),
  check: async (ctx) => {
    const subject = subjectOf(ctx);
    if (subject.optionalStack !== undefined && !(await isDeployed(ctx, subject.optionalStack))) {
      return { notDeployed: `the stack ${subject.optionalStack} is not deployed`, requests: 0 };
    }
    const requests = Math.min(MOST_REQUESTS, Math.max(2, REQUESTS_A_REPLICA * subject.replicas));
    await verify(ctx, subject.check, requests);
    return { notDeployed: undefined, requests };
  },
  absent: () => ({ notDeployed: undefined, requests: 0 }),
  skip: ({ notDeployed }) => notDeployed,
  plan: () => [],
  apply: () => Promise.resolve(),
});

function subjects(cluster: Cluster): Subject[] {
  const services = cluster.services.flatMap((service) =>
    service.verify
      ? [
          {
            check: service.verify,
            replicas: service.replicas,
            answersOn: (node: NodeSpec) => isPublishedOn(node, service),
            optionalStack: undefined,
          },
        ]
      : [],
  );
  const stacks = cluster.stacks.flatMap((stack) =>
    stack.verify
      ? [
          {
            check: stack.verify,
            replicas: 1,
            answersOn: () => true,
            optionalStack: stack.whenUnreachable === 'skip' ? stack.name : undefined,
          },
        ]
      : [],
  );
  return [...services, ...stacks];
}

/** Past the mesh a port answers where a task runs: of a global service, on every node that fits. */
function isPublishedOn(node: NodeSpec, { ports, verify, constraints }: ServiceSpec): boolean {
  const past = ports.some(({ published, mode }) => published === verify?.port && mode === 'host');
  return !past || (node.availability === 'active' && fits(traitsOfSpec(node), constraints));
}

function subjectOf({ cluster, target }: Desired): Subject {
  const subject = subjects(cluster).find(({ check }) => portOf(target) === check.port);
  if (!subject) throw new Error(`no check for ${target.id}`);
  return subject;
}

function portOf(target: Target): number {
  return Number(target.id.slice(target.id.lastIndexOf(':') + 1));
}

async function isDeployed(ctx: UnitContext, stack: string): Promise<boolean> {
  const services = await listServices(await ctx.swarm.manager(ctx.signal), { label: [`${NAMESPACE_LABEL}=${stack}`] });
  return services.length > 0;
}

/** A whole round must be right; rounds are repeated until the deadline, as the routing mesh takes a moment to learn of new tasks. */
async function verify(ctx: UnitContext, check: HttpCheck, requests: number): Promise<void> {
  const endpoint = ctx.provider.endpoint(ctx.machines.running(ctx.node.name), check.port);
  const url = `http://${endpoint.host}:${endpoint.port}${check.path}`;
  const start = ctx.clock.now();
  for (;;) {
    const answers = await Promise.all(Array.from({ length: requests }, () => problemOf(ctx, check, endpoint)));
    const problems = answers.filter((problem) => problem !== undefined);
    if (problems.length === 0) return;
    ctx.report(`${requests - problems.length} of ${requests} answers right; ${problems[0]}`, {
      done: requests - problems.length,
      total: requests,
    });
    if (await isDown(ctx)) throw nodeDown(ctx.node.name, url, problems);
    if (ctx.clock.now() - start > DEADLINE_MS) throw checkFailed(ctx.node.name, url, problems, requests);
    await ctx.clock.sleep(INTERVAL_MS, ctx.signal);
  }
}

/** Whether the managers have noticed that the node is gone: nothing will answer there, however long it is asked. */
async function isDown(ctx: UnitContext): Promise<boolean> {
  return (await ctx.swarm.nodeByName(ctx.node.name, ctx.signal))?.Status.State === 'down';
}

function nodeDown(node: string, url: string, problems: readonly string[]): SwarmupError {
  const message = `${node} is down, as the managers see it, and ${url} doesn't answer: ${[...new Set(problems)].join('; ')}`;
  return new SwarmupError('HTTP_CHECK_FAILED', message, {
    fix: `'swarmup up' starts its machine and its engine again; 'swarmup status' shows how it is.`,
  });
}

async function problemOf(
  ctx: UnitContext,
  check: HttpCheck,
  endpoint: { host: string; port: number },
): Promise<string | undefined> {
  try {
    const answer = await ctx.http.ask({ ...endpoint, path: check.path, timeoutMs: REQUEST_MS, signal: ctx.signal });
    if (answer.status !== check.status) return `HTTP ${answer.status}, expected ${check.status}`;
    if (check.body !== undefined && !answer.body.includes(check.body))
      return `the body lacks '${check.body}': ${answer.body.slice(0, 120).replace(/\s+/g, ' ')}`;
    return undefined;
  } catch (error) {
    ctx.signal.throwIfAborted();
    return messageOf(error);
  }
}

function checkFailed(node: string, url: string, problems: readonly string[], requests: number): SwarmupError {
  const some = problems.length < requests;
  return new SwarmupError(
    'HTTP_CHECK_FAILED',
    `${node}: ${problems.length} of ${requests} requests to ${url} were not answered as expected: ${[...new Set(problems)].join('; ')}`,
    {
      fix: some
        ? 'Some replicas answer and some do not: see their errors with swarmup status, and whether the nodes reach each other on 4789/udp and 7946.'
        : `Nothing answers rightly through this node: see whether the service runs (swarmup status) and whether ${node} reaches the others on 4789/udp and 7946/tcp+udp.`,
    },
  );
}
