import type { Cluster, HttpCheck, NodeSpec, ServiceSpec, StackSpec } from '../config/model.ts';
import type { Abortable, Managers, RunContext, Work } from '../contracts/context.ts';
import { messageOf, SwarmupError } from '../util/errors.ts';
import { fits, traitsOfSpec } from './placement.ts';

/** A page that a service or a stack publishes, and its expected answer. */
export interface Page {
  /** The service's or the stack's name. */
  readonly of: string;
  readonly check: HttpCheck;
  readonly replicas: number;
  /** Whether the port should answer on a node: with the routing mesh it does on all of them. */
  readonly answersOn: (node: NodeSpec) => boolean;
  /** The stack that publishes the port. */
  readonly stack: StackSpec | undefined;
}

/** What requests for a page need. */
export type PageRequests = Abortable & Pick<RunContext, 'provider' | 'machines' | 'http'>;

const DEADLINE_MS = 120_000;
const INTERVAL_MS = 400;
const REQUEST_MS = 20_000;
/** Connections are distributed over the replicas in turn: two per replica find a broken one. */
const REQUESTS_A_REPLICA = 2;
const MOST_REQUESTS = 24;

/** All pages that should answer. */
export function pagesOf(cluster: Cluster): Page[] {
  const services = cluster.services.flatMap((service) =>
    service.verify
      ? [
          {
            of: service.name,
            check: service.verify,
            replicas: service.replicas,
            answersOn: (node: NodeSpec) => isPublishedOn(node, service),
            stack: undefined,
          },
        ]
      : [],
  );
  const stacks = cluster.stacks.flatMap((stack) =>
    stack.verify
      ? [
          {
            of: stack.name,
            check: stack.verify,
            replicas: 1,
            answersOn: () => true,
            stack,
          },
        ]
      : [],
  );
  return [...services, ...stacks];
}

/** A port in host mode answers where a task runs: for a global service, on every node that fits. */
function isPublishedOn(node: NodeSpec, { ports, verify, constraints }: ServiceSpec): boolean {
  const past = ports.some(({ published, mode }) => published === verify?.port && mode === 'host');
  return !past || (node.availability === 'active' && fits(traitsOfSpec(node), constraints));
}

/**
 * Requests a page from a node, several times per replica. All answers of a round must be correct; rounds are repeated
 * until the deadline, as the routing mesh takes a moment to learn of new tasks.
 * @returns the number of requests in a round
 * @throws SwarmupError HTTP_CHECK_FAILED
 */
export async function untilPageAnswers(ctx: Work & Managers & PageRequests, node: string, page: Page): Promise<number> {
  const { check, replicas } = page;
  const requests = Math.min(MOST_REQUESTS, Math.max(2, REQUESTS_A_REPLICA * replicas));
  const endpoint = ctx.provider.endpoint(ctx.machines.running(node), check.port);
  const url = `http://${endpoint.host}:${endpoint.port}${check.path}`;
  const start = ctx.clock.now();
  for (;;) {
    const answers = await Promise.all(Array.from({ length: requests }, () => problemOf(ctx, check, endpoint)));
    const problems = answers.filter((problem) => problem !== undefined);
    if (problems.length === 0) return requests;
    ctx.report(`${requests - problems.length} of ${requests} answers correct; ${problems[0]}`, {
      done: requests - problems.length,
      total: requests,
    });
    if (await isDown(ctx, node)) throw nodeDown(node, url, problems);
    if (ctx.clock.now() - start > DEADLINE_MS) throw checkFailed(node, url, problems, requests);
    await ctx.clock.sleep(INTERVAL_MS, ctx.signal);
  }
}

/** The pages that a node serves correctly, requested once each. */
export async function pagesThatAnswer(
  ctx: PageRequests,
  node: string,
  pages: readonly Page[],
): Promise<readonly Page[]> {
  const machine = ctx.machines.running(node);
  const problems = await Promise.all(
    pages.map(({ check }) => problemOf(ctx, check, ctx.provider.endpoint(machine, check.port))),
  );
  return pages.filter((_, i) => problems[i] === undefined);
}

/** Whether the managers see the node as down: then waiting for an answer is pointless. */
async function isDown({ swarm, signal }: Managers, node: string): Promise<boolean> {
  return (await swarm.nodeByName(node, signal))?.Status.State === 'down';
}

function nodeDown(node: string, url: string, problems: readonly string[]): SwarmupError {
  const message = `the managers see ${node} as down, and ${url} doesn't answer: ${[...new Set(problems)].join('; ')}`;
  return new SwarmupError('HTTP_CHECK_FAILED', message, {
    fix: `'swarmup up' starts its machine and its engine again; 'swarmup status' shows its state.`,
  });
}

async function problemOf(
  { http, signal }: Pick<PageRequests, 'http' | 'signal'>,
  check: HttpCheck,
  endpoint: { host: string; port: number },
): Promise<string | undefined> {
  try {
    const answer = await http.ask({ ...endpoint, path: check.path, timeoutMs: REQUEST_MS, signal });
    if (answer.status !== check.status) return `HTTP ${answer.status}, expected ${check.status}`;
    if (check.body !== undefined && !answer.body.includes(check.body))
      return `the body lacks '${check.body}': ${answer.body.slice(0, 120).replace(/\s+/g, ' ')}`;
    return undefined;
  } catch (error) {
    signal.throwIfAborted();
    return messageOf(error);
  }
}

function checkFailed(node: string, url: string, problems: readonly string[], requests: number): SwarmupError {
  const some = problems.length < requests;
  return new SwarmupError(
    'HTTP_CHECK_FAILED',
    `${node}: ${problems.length} of ${requests} requests to ${url} got no or a wrong answer: ${[...new Set(problems)].join('; ')}`,
    {
      fix: some
        ? 'Some replicas answer and some do not: check their errors (swarmup status), and that the nodes reach each other on 4789/udp and 7946/tcp+udp.'
        : `No request through this node succeeds: check that the service runs (swarmup status), and that ${node} reaches the others on 4789/udp and 7946/tcp+udp.`,
    },
  );
}
