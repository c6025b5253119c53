import { publishedPorts } from '../config/selections.ts';
import type { Abortable, Managers, RunContext, Work } from '../contracts/context.ts';
import type { Machine } from '../contracts/provider.ts';
import { SwarmupError } from '../util/errors.ts';
import { problemOf, urlOf, type Question } from './http-answer.ts';
import type { Page } from './pages.ts';

/** What requests for a page need. */
export type PageRequests = Abortable & Pick<RunContext, 'cluster' | 'provider' | 'machines' | 'http'>;

const DEADLINE_MS = 120_000;
const INTERVAL_MS = 400;
/** Connections are distributed over the replicas in turn: two per replica find a broken one. */
const REQUESTS_A_REPLICA = 2;
const MOST_REQUESTS = 24;

/**
 * Requests a page from a node, several times per replica. All answers of a round must be correct; rounds are repeated
 * until the deadline, as the routing mesh takes a moment to learn of new tasks.
 * @returns the number of requests in a round
 * @throws SwarmupError HTTP_CHECK_FAILED
 */
export async function untilPageAnswers(ctx: Work & Managers & PageRequests, node: string, page: Page): Promise<number> {
  const { check, replicas } = page;
  const requests = Math.min(MOST_REQUESTS, Math.max(2, REQUESTS_A_REPLICA * replicas));
  const question = questionFor(ctx, ctx.machines.running(node), page);
  const url = urlOf(check, question.endpoint);
  const start = ctx.clock.now();
  for (;;) {
    const answers = await Promise.all(Array.from({ length: requests }, () => problemOf(question)));
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
  const problems = await Promise.all(pages.map((page) => problemOf(questionFor(ctx, machine, page))));
  return pages.filter((_, i) => problems[i] === undefined);
}

function questionFor(ctx: PageRequests, machine: Machine, { check }: Page): Question {
  const { http, signal, provider, cluster } = ctx;
  const ports = publishedPorts(cluster);
  return {
    check,
    http,
    signal,
    endpoint: provider.endpoint(machine, check.port),
    endpointOf: (port) => (ports.includes(port) ? provider.endpoint(machine, port) : undefined),
  };
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

function checkFailed(node: string, url: string, problems: readonly string[], requests: number): SwarmupError {
  return new SwarmupError(
    'HTTP_CHECK_FAILED',
    `${node}: ${problems.length} of ${requests} requests to ${url} got no or a wrong answer: ${[...new Set(problems)].join('; ')}`,
    { fix: fixFor(node, problems, requests) },
  );
}

/** Node's words for certificates that aren't trusted, or of another host. */
const CERTIFICATE = /certificate|altnames/i;

function fixFor(node: string, problems: readonly string[], requests: number): string {
  if (problems.every((problem) => CERTIFICATE.test(problem)))
    return 'Name the certificate of the authority that signed it in verify.ca, and the name in the certificate in verify.host.';
  return problems.length < requests
    ? 'Some replicas answer and some do not: check their errors (swarmup status), and that the nodes reach each other on 4789/udp and 7946/tcp+udp.'
    : `No request through this node succeeds: check that the service runs (swarmup status), and that ${node} reaches the others on 4789/udp and 7946/tcp+udp.`;
}
