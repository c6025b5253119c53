import type { Hosts, OnNode, RunContext, Work } from '../contracts/context.ts';
import { hasCode } from '../util/errors.ts';
import { waitUntil } from '../async/wait-until.ts';

/** How long to wait for a login, in milliseconds: a machine under load greets long before it accepts one. */
const CONNECT_MS = 300_000;
/**
 * How long to wait for an existing machine, in milliseconds: it won't accept a login later, unless it is just
 * restarting.
 */
const KEPT_MS = 60_000;

/**
 * Waits until the node's machine accepts a login; the connection is kept for later use.
 * @throws SwarmupError TIMED_OUT, or immediately for errors that waiting can't fix: SSH_AUTH_FAILED,
 * SSH_HOST_KEY_CHANGED
 */
export async function untilConnected(ctx: Work & Hosts & OnNode & Pick<RunContext, 'machines'>): Promise<void> {
  const { name } = ctx.node;
  await waitUntil({
    until: `${name} accepts SSH logins`,
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
    fix: `It may still be booting: run again. Otherwise check that its SSH server can be reached from here.`,
    onSeen: () => ctx.report('waiting for its SSH server'),
  });
}
