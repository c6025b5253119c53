import type { Abortable, Hosts, OnNode, RunContext } from '../contracts/context.ts';
import type { SwarmNode } from '../contracts/swarm-types.ts';
import { SwarmupError } from '../util/errors.ts';
import { certificateOnDisk } from './certificates.ts';
import { isMarked } from './labels.ts';
import type { LocalSwarm } from './local-state.ts';
import { quoteThroughSsh } from '../util/shell-quote.ts';

const SET_CLOCK = quoteThroughSsh(['sudo', 'sh', '-c', 'timedatectl set-ntp true && systemctl restart docker']);

/** An engine that doesn't take part in its swarm, as the certificate on its disk has expired. */
export interface Expiry {
  /** When it expired, in milliseconds since 1970; undefined when the engine doesn't say. */
  readonly since: number | undefined;
  /** What the node's clock said then, in milliseconds since 1970. */
  readonly clock: number | undefined;
}

const TIME = String.raw`(\w{3}, \d+ \w{3} \d+ [\d:]+ \w+)`;
const EXPIRED = new RegExp(`not valid after ${TIME}, and it is currently ${TIME}`);
/** A node whose clock is this much ahead at its engine's start has a wrong clock, not an old certificate, in milliseconds. */
const AHEAD_MS = 3_600_000;

/**
 * Whether an engine is out of its swarm because of an expired certificate: one that was off for the whole validity (90
 * days), as a running one renews it. It never recovers by itself. Sources: swarmkit, ca/certificates.go, ValidateCertChain;
 * moby, daemon/cluster/noderunner.go: the state is error, and nothing else about the node is known. Pure.
 */
export function expiryOf({ state, error }: Pick<LocalSwarm, 'state' | 'error'>): Expiry | undefined {
  if (state !== 'error') return undefined;
  const found = EXPIRED.exec(error);
  if (found) return { since: Date.parse(found[1] ?? ''), clock: Date.parse(found[2] ?? '') };
  return /certificates? (have|has) expired/i.test(error) ? { since: undefined, clock: undefined } : undefined;
}

/** " on 2027-02-21", for messages. */
export function expiredOn({ since }: Expiry): string {
  return since === undefined || Number.isNaN(since) ? '' : ` on ${new Date(since).toISOString().slice(0, 10)}`;
}

/** An expired node's part in this cluster. */
export interface ExpiredMember extends Expiry {
  readonly id: string;
}

/**
 * The node that an engine with an expired certificate was in this cluster; undefined for every other engine. It can leave
 * and join again without harm to any other swarm: the certificate on its disk names a node that swarmup has marked.
 */
export async function expiredMember(
  ctx: Abortable & Hosts & OnNode & Pick<RunContext, 'cluster'>,
  local: LocalSwarm,
  nodes: readonly SwarmNode[],
): Promise<ExpiredMember | undefined> {
  const expiry = expiryOf(local);
  if (!expiry) return undefined;
  const certificate = await certificateOnDisk(ctx, ctx.node.name, local.folder);
  const own = nodes.find(({ ID, Spec }) => ID === certificate?.id && isMarked(Spec, ctx.cluster.name));
  return own && { ...expiry, since: expiry.since ?? certificate?.validTo, id: own.ID };
}

/** Nodes that the swarm has lost because their certificates expired. */
export interface ExpiredNode {
  readonly node: string;
  readonly expiry: Expiry;
}

/**
 * The error of a swarm all of whose managers have expired certificates, or of a node that can't be told from one of
 * another swarm. Pure.
 *
 * @param now in milliseconds since 1970
 */
export function certificatesExpired(expired: readonly ExpiredNode[], now: number, rest = ''): SwarmupError {
  const told = expired.map(({ node, expiry }) => `${node}'s certificate expired${expiredOn(expiry)}`);
  const [wrong] = expired.filter(({ expiry }) => (expiry.clock ?? now) - now > AHEAD_MS);
  const ahead = wrong
    ? `; the clock of ${wrong.node} said ${new Date(wrong.expiry.clock ?? now).toISOString()} then`
    : '';
  return new SwarmupError(
    'SWARM_CERTIFICATE',
    `the swarm has no manager that works: ${told.join(', ')}${ahead}${rest}`,
    {
      fix: wrong
        ? `Set the clock, then restart the engine: swarmup ssh ${wrong.node} -- ${SET_CLOCK}`
        : "Nodes renew certificates only while they run. Rebuild the swarm from one manager's disk, which keeps services, networks, secrets and configs: swarmup recover; then 'swarmup up' makes the other nodes join again.",
    },
  );
}
