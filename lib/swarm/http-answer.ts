import type { HttpCheck } from '../config/model.ts';
import { printable } from '../contracts/change-words.ts';
import type { Endpoint } from '../contracts/endpoint.ts';
import type { HttpAnswer, HttpClient } from '../contracts/http.ts';
import { messageOf } from '../util/errors.ts';
import { matchesPattern } from '../util/pattern.ts';

/** What a check asks, and where. */
export interface Question {
  readonly check: HttpCheck;
  readonly http: HttpClient;
  readonly signal: AbortSignal;
  /** The address of the check's port on the node. */
  readonly endpoint: Endpoint;
  /** The address of another published port of the same node; undefined for a port that isn't published. */
  readonly endpointOf: (port: number) => Endpoint | undefined;
}

const REQUEST_MS = 20_000;
const REDIRECTS = [301, 302, 303, 307, 308];

/** Where a request goes, and what it asks for there. */
interface Place {
  readonly endpoint: Endpoint;
  /** As in the file, or in the redirect: a URL would remove dots from it. */
  readonly path: string;
  /** As the server sees it: with the name that is asked for, not with the address of the node. */
  readonly url: URL;
}

/** What is wrong with the answer; undefined for a correct one. */
export async function problemOf(question: Question): Promise<string | undefined> {
  try {
    return judge(question.check, await answerTo(question));
  } catch (error) {
    question.signal.throwIfAborted();
    return messageOf(error);
  }
}

/** Whether a problem is that of an answer: then the request reached a task. */
export function isAnswer(problem: string): boolean {
  return /^(?:HTTP \d|the body )/.test(problem);
}

/** The URL of a check as a person would open it. */
export function urlOf({ https, path }: HttpCheck, { host, port }: Endpoint): string {
  return `${https ? 'https' : 'http'}://${host}:${port}${path}`;
}

/** The last answer, after the redirects that may be followed. */
async function answerTo(question: Question): Promise<HttpAnswer> {
  const { check, endpoint } = question;
  const authority = check.host ?? `${endpoint.host}:${endpoint.port}`;
  let place: Place = {
    endpoint,
    path: check.path,
    url: new URL(`${check.https ? 'https' : 'http'}://${authority}${check.path}`),
  };
  for (let left = check.redirects; ; left--) {
    const answer = await ask(question, place);
    const next = left > 0 ? redirected(question, place, answer) : undefined;
    if (!next) return answer;
    place = next;
  }
}

function ask({ check, http, signal }: Question, { endpoint, path, url }: Place): Promise<HttpAnswer> {
  const { method, headers, host, ca, insecure } = check;
  const named = host === undefined ? {} : { servername: url.hostname };
  return http.ask({
    ...endpoint,
    path,
    method,
    headers: { ...headers, ...(host === undefined ? {} : { host: url.host }) },
    ...(url.protocol === 'https:' ? { tls: { ...named, insecure, ...(ca === undefined ? {} : { ca }) } } : {}),
    timeoutMs: REQUEST_MS,
    signal,
  });
}

/**
 * Where an answer leads on the same node; undefined if it is no redirect, or leads elsewhere: nothing that a server
 * answers makes swarmup connect to another machine, or to a port that isn't published.
 */
function redirected({ endpointOf }: Question, here: Place, { status, headers }: HttpAnswer): Place | undefined {
  const { location } = headers;
  if (!REDIRECTS.includes(status) || typeof location !== 'string') return undefined;
  const url = URL.parse(location, here.url.href);
  if (!url || !['http:', 'https:'].includes(url.protocol) || url.hostname !== here.url.hostname) return undefined;
  const samePort = url.protocol === here.url.protocol && url.port === here.url.port;
  const endpoint = samePort ? here.endpoint : endpointOf(Number(url.port || (url.protocol === 'https:' ? 443 : 80)));
  return endpoint && { endpoint, path: `${url.pathname}${url.search}`, url };
}

function judge(check: HttpCheck, { status, headers, body }: HttpAnswer): string | undefined {
  const { location } = headers;
  if (status !== check.status) {
    const to = typeof location === 'string' ? ` to ${excerpt(location)}` : '';
    return `HTTP ${status}${to}, expected ${check.status}`;
  }
  if (check.body !== undefined && !body.includes(check.body)) return `the body lacks '${check.body}': ${excerpt(body)}`;
  if (check.bodyMatches !== undefined && !matchesPattern(check.bodyMatches, body))
    return `the body doesn't match /${check.bodyMatches}/: ${excerpt(body)}`;
  return undefined;
}

function excerpt(text: string): string {
  return printable(text.slice(0, 120).replace(/\s+/g, ' '));
}
