import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import { z } from 'zod';
import { SwarmupError } from '../util/errors.ts';
import { parseAs } from '../util/parse-json.ts';
import { userName } from '../util/user.ts';

/** A lock that wasn't refreshed for this long is stale, in milliseconds. */
export const STALE_MS = 60_000;
/** How often the holder refreshes its lock, in milliseconds. */
export const HEARTBEAT_MS = 15_000;

const ownerSchema = z.object({
  /** Identifies the run. It isn't a secret: any user that can read the lock may remove it too. */
  token: z.string(),
  user: z.string(),
  host: z.string(),
  pid: z.number(),
  command: z.string(),
  since: z.string(),
  /** Tokens of dead runs: this run may take over the locks that they held on the first manager. */
  heirTo: z.array(z.string()).default([]),
});

/** The run that holds a cluster. */
export type Owner = z.output<typeof ownerSchema>;

/** This process, as the owner of a lock. */
export function thisRun(command: string, now: Date): Owner {
  const { pid } = process;
  return {
    token: randomUUID(),
    user: userName(),
    host: hostname(),
    pid,
    command,
    since: now.toISOString(),
    heirTo: [],
  };
}

/** How many dead runs are remembered: each may have been killed before it acquired the lock on the first manager. */
const MOST_HEIRLOOMS = 50;

/** The tokens that a run inherits from a dead one, newest first. */
export function inheritance(dead: Owner | undefined): readonly string[] {
  return dead ? [dead.token, ...dead.heirTo].slice(0, MOST_HEIRLOOMS) : [];
}

/** @returns undefined for text that no run wrote, or that was truncated by a kill */
export function parseOwner(text: string): Owner | undefined {
  // A truncated file has no owner: its writer was killed while writing.
  return parseAs(ownerSchema, text);
}

/** "'swarmup up' of ann on build7 (process 4711), since 2026-01-01T10:00:00Z, last refreshed 5 s ago" */
export function describeOwner({ command, user, host, pid, since }: Owner, ageMs?: number): string {
  const heard = ageMs === undefined ? '' : `, last refreshed ${Math.round(ageMs / 1000)} s ago`;
  return `'swarmup ${command}' of ${user} on ${host} (process ${pid}), since ${since}${heard}`;
}

/** Another run holds the cluster. */
export function locked(owner: Owner, ageMs: number, where: string): SwarmupError {
  return new SwarmupError(
    'LOCKED',
    `another run holds this cluster: ${describeOwner(owner, ageMs)}; the lock is ${where}`,
    {
      fix: 'Wait for it to end (such as with --lock-wait 10m), or end it. If you are sure that it is gone: swarmup unlock',
    },
  );
}
