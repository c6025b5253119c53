import { randomUUID } from 'node:crypto';
import { hostname, userInfo } from 'node:os';
import { z } from 'zod';
import { SwarmupError } from '../util/errors.ts';
import { parseAs } from '../util/parse-json.ts';

/** A lock that shows no sign of life for this long belongs to nobody any more, in milliseconds. */
export const STALE_MS = 60_000;
/** How often the holder shows a sign of life, in milliseconds. */
export const HEARTBEAT_MS = 15_000;

const ownerSchema = z.object({
  /** Tells two runs apart. It gives no right to anything: whoever can read the lock may remove it as well. */
  token: z.string(),
  user: z.string(),
  host: z.string(),
  pid: z.number(),
  command: z.string(),
  since: z.string(),
  /** Runs that died before it: what they held on the first manager is its own to take over. */
  heirTo: z.array(z.string()).default([]),
});

/** The run that holds a cluster. */
export type Owner = z.output<typeof ownerSchema>;

/** This process, as the owner of a lock. */
export function thisRun(command: string, now: Date): Owner {
  const { username } = userInfo();
  const { pid } = process;
  return { token: randomUUID(), user: username, host: hostname(), pid, command, since: now.toISOString(), heirTo: [] };
}

/** How many dead runs are remembered: each may have been killed before it held the lock on the first manager. */
const MOST_HEIRLOOMS = 50;

/** The tokens that a run inherits from a dead one, the latest first. */
export function inheritance(dead: Owner | undefined): readonly string[] {
  return dead ? [dead.token, ...dead.heirTo].slice(0, MOST_HEIRLOOMS) : [];
}

/** @returns undefined for what no run wrote, or a kill cut off */
export function parseOwner(text: string): Owner | undefined {
  // Half a file is nobody's: its writer was killed while it wrote.
  return parseAs(ownerSchema, text);
}

/** "'swarmup up' of ann on build7 (process 4711), since 2026-01-01T10:00:00Z, last heard of 5 s ago" */
export function describeOwner({ command, user, host, pid, since }: Owner, ageMs?: number): string {
  const heard = ageMs === undefined ? '' : `, last heard of ${Math.round(ageMs / 1000)} s ago`;
  return `'swarmup ${command}' of ${user} on ${host} (process ${pid}), since ${since}${heard}`;
}

/** Another run holds the cluster. */
export function locked(owner: Owner, ageMs: number, where: string): SwarmupError {
  return new SwarmupError(
    'LOCKED',
    `another run holds this cluster: ${describeOwner(owner, ageMs)}; the lock is ${where}`,
    {
      fix: 'Wait until it ends (--lock-wait 10m does), or end it. If you are sure that it is gone: swarmup unlock',
    },
  );
}
