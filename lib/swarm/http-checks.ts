import { publishedPorts } from '../config/selections.ts';
import type { Abortable, Managers, RunContext, Work } from '../contracts/context.ts';
import type { Machine } from '../contracts/provider.ts';
import { SwarmupError } from '../util/errors.ts';
import { isAnswer, problemOf, urlOf, type Question } from './http-answer.ts';
import { causeAt, errorOf, lostAt, type Cause } from './mesh/diagnosis.ts';
import type { Page } from './pages.ts';

/** What requests for a page need. */
export type PageRequests = Abortable & Pick<RunContext, 'cluster' | 'provider' | 'machines' | 'http' | 'mesh'>;

const DEADLINE_MS = 120_000;
/** When a node is asked whether it lost the rules for the port, which wouldn't come back. */
const LOST_MS = 15_000;
const INTERVAL_MS = 400;
/** Connections are distributed over the replicas in turn: two per replica find a broken one, or one that is gone. */
const REQUESTS_A_REPLICA = 2;
const MOST_REQUESTS = 96;
const AT_ONCE = 24;

/**
 * Requests a page from a node, several times per replica. All answers of a round must be correct; rounds are repeated
 * until the deadline, as the routing mesh takes a moment to learn of new tasks. Then the nodes are asked for the cause.
 * @returns the number of requests in a round
 * @throws SwarmupError HTTP_CHECK_FAILED, or the code of the cause: INGRESS_RULES_LOST, INGRESS_STALE, OVERLAY_BLOCKED,
 * OVERLAY_CHECKSUMS, OVERLAY_MTU
 */
export async function untilPageAnswers(ctx: Work & Managers & PageRequests, node: string, page: Page): Promise<number> {
  const { check, replicas } = page;
  const requests = Math.min(MOST_REQUESTS, Math.max(2, REQUESTS_A_REPLICA * replicas));
  const question = questionFor(ctx, ctx.machines.running(node), page);
  const url = urlOf(check, question.endpoint);
  const start = ctx.clock.now();
  let isAsked = false;
  for (;;) {
    const problems = await problemsOf(question, requests);
    if (problems.length === 0) return requests;
    ctx.report(`${requests - problems.length} of ${requests} answers correct; ${problems[0]}`, {
      done: requests - problems.length,
      total: requests,
    });
    if (await isDown(ctx, node)) throw nodeDown(node, url, problems);
    const passed = ctx.clock.now() - start;
    const failed = `${problems.length} of ${requests} requests to ${url} got no or a wrong answer: ${[...new Set(problems)].join('; ')}`;
    const mayBeMesh = page.hostMode.length === 0 && problems.some(isLost);
    if (passed > DEADLINE_MS) {
      const cause = mayBeMesh ? await causeAt(ctx, node, check.port) : {};
      throw cause.fault ? errorOf(cause.fault, failed) : checkFailed(node, failed, { problems, requests, cause });
    }
    if (passed > LOST_MS && mayBeMesh && !isAsked) {
      isAsked = true;
      const { fault } = await lostAt(ctx, node, check.port);
      if (fault) throw errorOf(fault, failed);
    }
    await ctx.clock.sleep(INTERVAL_MS, ctx.signal);
  }
}

/** What is wrong with the answers to so many requests. */
async function problemsOf(question: Question, requests: number): Promise<readonly string[]> {
  const found: string[] = [];
  for (let left = requests; left > 0; left -= AT_ONCE) {
    const some = Array.from({ length: Math.min(left, AT_ONCE) }, () => problemOf(question));
    found.push(...(await Promise.all(some)).filter((problem) => problem !== undefined));
  }
  return found;
}

/** Whether a request or its answer may have been lost on the way. */
function isLost(problem: string): boolean {
  return !isAnswer(problem) && !CERTIFICATE.test(problem);
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

interface Failure {
  readonly problems: readonly string[];
  readonly requests: number;
  readonly cause: Cause;
}

function checkFailed(node: string, failed: string, { problems, requests, cause: { unknown } }: Failure): SwarmupError {
  return new SwarmupError('HTTP_CHECK_FAILED', `${node}: ${failed}`, {
    fix: fixFor(node, problems, requests),
    ...(unknown === undefined ? {} : { output: `its part of the routing mesh could not be checked: ${unknown}` }),
  });
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
