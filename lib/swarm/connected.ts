import type { Hosts, OnNode, RunContext, Work } from '../contracts/context.ts';
import { hasCode } from '../util/errors.ts';
import { waitUntil } from '../async/wait-until.ts';

/** A machine under load greets long before it lets anybody in. */
const CONNECT_MS = 300_000;
/** One that was there all along and doesn't let us in has no reason to do so later, unless somebody restarts it just now. */
const KEPT_MS = 60_000;

/**
 * Waits until the node's machine lets us in; the connection is kept for what comes next.
 *
 * @throws SwarmupError TIMED_OUT, or at once what waiting can't mend: SSH_AUTH_FAILED, SSH_HOST_KEY_CHANGED
 */
export async function untilConnected(ctx: Work & Hosts & OnNode & Pick<RunContext, 'machines'>): Promise<void> {
  const { name } = ctx.node;
  await waitUntil({
    until: `${name} lets us in`,
    probe: async () => {
      try {
        await ctx.host(name);
        return { done: undefined };
      } catch (error) {
        if (!hasCode(error, 'SSH_UNREACHABLE', 'SSH_CONNECTION_LOST')) throw error;
        return { seen: error.message };
      }
    },
    deadlineMs: ctx.machines.get(name)?.external ? KEPT_MS : CONNECT_MS,
    intervalMs: 250,
    signal: ctx.signal,
    clock: ctx.clock,
    fix: `It may still be booting: run again. Else see whether its SSH server can be reached from here.`,
    onSeen: () => ctx.report('waiting for its SSH server'),
  });
}
