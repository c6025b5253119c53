import { X509Certificate } from 'node:crypto';
import type { Abortable, Hosts, RunContext } from '../contracts/context.ts';
import { hasCode } from '../util/errors.ts';
import { localSwarm, swarmFolder } from './local-state.ts';
import { nameOf } from './read.ts';
import type { SwarmObjectState } from './settings.ts';
import type { SwarmNode } from '../contracts/swarm-types.ts';

/**
 * In an engine's swarm folder: its node's certificate, followed by those that signed it. Source: swarmkit,
 * ca/config.go.
 */
const NODE_CERTIFICATE = 'certificates/swarm-node.crt';

/**
 * Nodes renew their certificates after 50 to 80 % of their lifetime: a later renewal is overdue. Source: ca/renewer.go.
 */
const EARLIEST_RENEWAL = 0.5;
const LATEST_RENEWAL = 0.8;

const DAY_MS = 86_400_000;
/** How early to warn about the root certificate, which isn't renewed automatically. */
const ROOT_NOTICE_MS = 365 * DAY_MS;

type Context = Pick<RunContext, 'remote' | 'machines' | 'clock'>;

/**
 * Warnings about certificates that expire soon. In a swarm younger than the first renewal no node is queried.
 * @throws the errors of reading them, except for unreachable nodes
 */
export async function expiring(
  context: Context,
  swarm: SwarmObjectState,
  nodes: readonly SwarmNode[],
  signal: AbortSignal,
): Promise<readonly string[]> {
  const now = context.clock.now();
  const root = rootNotice(swarm, now);
  const validity = (swarm.Spec.CAConfig?.NodeCertExpiry ?? 0) / 1_000_000;
  const old = validity > 0 && now - Date.parse(swarm.CreatedAt ?? '') >= validity * EARLIEST_RENEWAL;
  const asked = (old ? nodes : []).filter((node) => context.machines.get(nameOf(node))?.state === 'running');
  const notices = await Promise.all(asked.map((node) => nodeNotice(context, nameOf(node), signal)));
  return [...root, ...notices].filter((notice) => notice !== undefined);
}

/**
 * When the first of these nodes' certificates expires, in milliseconds since 1970; undefined when no engine is in a swarm.
 * @throws the errors of reading them
 */
export async function firstExpiry(
  { remote }: Pick<RunContext, 'remote'>,
  nodes: readonly string[],
  signal: AbortSignal,
): Promise<number | undefined> {
  const ends = await Promise.all(nodes.map((node) => expiryOn(remote, node, signal)));
  const known = ends.filter((end) => end !== undefined);
  return known.length > 0 ? Math.min(...known) : undefined;
}

async function expiryOn(remote: RunContext['remote'], node: string, signal: AbortSignal): Promise<number | undefined> {
  try {
    const { state, folder } = await localSwarm(await remote.engine(node, signal));
    if (state === 'inactive') return undefined;
    const host = await remote.host(node, signal);
    const { stdout } = await host.run(['cat', `${folder}/${NODE_CERTIFICATE}`], { signal });
    return parseCertificate(stdout)?.validTo;
  } catch (error) {
    // Without an engine there is no certificate.
    if (hasCode(error, 'ENGINE_UNREACHABLE')) return undefined;
    throw error;
  }
}

function rootNotice({ TLSInfo }: SwarmObjectState, now: number): string[] {
  if (!TLSInfo?.TrustRoot) return [];
  const root = parseCertificate(TLSInfo.TrustRoot);
  if (!root) return ["the swarm's root certificate can't be read; check it: docker swarm ca"];
  const { validTo } = root;
  if (validTo - now > ROOT_NOTICE_MS) return [];
  return [`the swarm's root certificate ${untilWhen(validTo, now)}; rotate it: swarmup rotate ca`];
}

async function nodeNotice({ remote, clock }: Context, node: string, signal: AbortSignal): Promise<string | undefined> {
  if (!(await remote.answers(node, signal))) return undefined;
  const host = await remote.host(node, signal);
  const file = `${swarmFolder()}/${NODE_CERTIFICATE}`;
  const { exitCode, stdout } = await host.run(['cat', file], { signal, asRoot: true, okExit: 'any' });
  // A node that has left has no certificate, and only root can read it.
  return exitCode === 0 ? notice(node, stdout, clock.now()) : undefined;
}

/** The warning about a node's certificate in PEM; undefined while it is renewed in time. Pure. */
export function notice(node: string, pem: string, now: number): string | undefined {
  const certificate = parseCertificate(pem);
  if (!certificate)
    return `${node}'s certificate can't be read; at its next start the engine can't take part in the swarm. Make the node leave and join again: swarmup ssh ${node} -- sudo docker swarm leave --force; then swarmup up`;
  const { validFrom, validTo } = certificate;
  if (now < validFrom + (validTo - validFrom) * LATEST_RENEWAL) return undefined;
  return `${node}'s certificate ${untilWhen(validTo, now)}, and was not renewed: the node has to reach a manager on 2377/tcp, and its clock has to be correct. Once it has expired, 'swarmup up' makes the node leave the swarm and join again`;
}

/** A node's certificate of the swarm. */
export interface NodeCertificate {
  /** The node's ID; empty for another kind of certificate. */
  readonly id: string;
  /** Whether it was issued to a manager. */
  readonly isManager: boolean;
  /** In milliseconds since 1970. */
  readonly validFrom: number;
  readonly validTo: number;
}

/**
 * The first certificate in a PEM text; undefined when it can't be read, as one damaged file must not stop anything that
 * other nodes do. Source: swarmkit, ca/certificates.go: the common name is the node's ID, the unit its role.
 */
export function parseCertificate(pem: string): NodeCertificate | undefined {
  try {
    const { subject, validFrom, validTo } = new X509Certificate(pem);
    return {
      id: /^CN=(.+)$/m.exec(subject)?.[1] ?? '',
      isManager: /^OU=swarm-manager$/m.test(subject),
      validFrom: Date.parse(validFrom),
      validTo: Date.parse(validTo),
    };
  } catch {
    // OpenSSL's reasons ("asn1 encoding routines") tell nobody more than "can't be read".
    return undefined;
  }
}

/** The certificate on a node's disk, which tells whose member it is when its engine doesn't; undefined without one. */
export async function certificateOnDisk(
  ctx: Abortable & Hosts,
  node: string,
  folder: string,
): Promise<NodeCertificate | undefined> {
  const file = `${folder}/${NODE_CERTIFICATE}`;
  const { stdout, exitCode } = await (await ctx.host(node)).run(['cat', file], { signal: ctx.signal, okExit: 'any' });
  return exitCode === 0 ? parseCertificate(stdout) : undefined;
}

function untilWhen(validTo: number, now: number): string {
  const day = new Date(validTo).toISOString().slice(0, 10);
  const days = Math.floor((validTo - now) / DAY_MS);
  return days < 0 ? `expired on ${day}` : `expires on ${day}, in ${days} days`;
}
