import { waitUntil } from '../async/wait-until.ts';
import type { Work } from '../contracts/context.ts';
import type { Engine } from '../contracts/engine.ts';
import { hasCode } from '../util/errors.ts';
import { onNode } from '../util/shell-quote.ts';
import { listNetworks } from './networks.ts';

/** Longer than containers usually take to stop, in milliseconds. */
const GONE_MS = 120_000;

/**
 * Deploys a stack, and once more when a network of its name was just removed. The engine on the manager lists such a
 * network until the last containers on it have stopped, so docker's client takes it for the stack's and creates none;
 * the managers then know no such network. Source: moby, getNetworksList; docker/cli, createNetworks.
 *
 * @throws SwarmupError TIMED_OUT when the old network stays
 */
export async function afterOldNetworks(ctx: Work, manager: Engine, deploy: () => Promise<void>): Promise<void> {
  try {
    await deploy();
  } catch (error) {
    const network = missingNetwork(error);
    if (network === undefined) throw error;
    await untilGone(ctx, manager, network);
    await deploy();
  }
}

/** The network that the managers don't know, if that is the error. */
function missingNetwork(error: unknown): string | undefined {
  if (!hasCode(error, 'ENGINE_REFUSED')) return undefined;
  return /network (\S+) not found/.exec(error.output ?? '')?.[1];
}

async function untilGone(ctx: Work, manager: Engine, network: string): Promise<void> {
  await waitUntil({
    until: `the old network ${network} is gone`,
    probe: async () =>
      (await listNetworks(manager)).some(({ name }) => name === network)
        ? { seen: 'still there' }
        : { done: undefined },
    deadlineMs: GONE_MS,
    intervalMs: 500,
    signal: ctx.signal,
    clock: ctx.clock,
    fix: `See which containers are still on it: ${onNode(manager.node, 'sudo', 'docker', 'network', 'inspect', network)}`,
    onSeen: () => ctx.report(`waiting until the old network ${network} is gone`),
  });
}
