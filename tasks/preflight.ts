import type { UnitContext } from '../lib/contracts/context.ts';
import { hasCode } from '../lib/util/errors.ts';
import { preflightError } from '../lib/preflight/error.ts';
import { isFatal } from '../lib/contracts/preflight.ts';
import { portFindings } from '../lib/preflight/rules/ports.ts';
import { engineInfo } from '../lib/facts/engine-info.ts';
import { listeners } from '../lib/facts/listeners.ts';
import { gather } from '../lib/remote/gather-facts.ts';
import { hasHosts } from '../lib/pipeline/existing-machines.ts';
import { localSwarm } from '../lib/swarm/local-state.ts';
import { defineTask } from '../lib/pipeline/task.ts';
import { onNodes } from '../lib/contracts/target.ts';
import type { Change } from '../lib/contracts/change.ts';

/** Finds problems of hosts before any of them is changed. Nodes that are already in the swarm are skipped. */
export default defineTask<undefined, Change>({
  id: 'preflight',
  title: 'Hosts checked',
  about: 'Checks existing hosts, and the network between them, for known problems; on new machines the ports only.',
  needs: [{ task: 'provision', of: (_other, _self, world) => hasHosts(world), tolerant: true }, 'provision'],
  targets: ({ nodes }) => onNodes(nodes),
  check: async (ctx) => {
    if (!hasHosts(ctx.world)) return checkPorts(ctx);
    if (await isMember(ctx)) return undefined;
    const { survey, findings } = await ctx.preflight.look(ctx.signal);
    const unreachable = survey.unreachable.get(ctx.node.name);
    if (unreachable) throw unreachable;
    const own = findings.filter(({ node }) => node === ctx.node.name);
    for (const { node, message } of own.filter((finding) => !isFatal(finding))) ctx.warn(`${node}: ${message}`);
    const wrong = own.filter(isFatal);
    if (wrong.length > 0) throw preflightError(ctx.node.name, wrong, survey);
    return undefined;
  },
  absent: () => undefined,
  plan: () => [],
  apply: () => Promise.resolve(),
});

/**
 * Machines that swarmup makes have one clock and one network; what their image runs isn't known. One in any swarm, also a
 * locked one, is a task of its own.
 */
async function checkPorts(ctx: UnitContext): Promise<undefined> {
  const { cluster, node, signal } = ctx;
  // A plan of a machine that swarmup has yet to make or start has nothing to check.
  if (ctx.machines.get(node.name)?.state !== 'running' || (await isInSwarm(ctx))) return undefined;
  const facts = await gather(await ctx.host(), { listeners, engine: engineInfo }, signal);
  const found = portFindings({ node, facts }, cluster);
  for (const { message } of found.filter((finding) => !isFatal(finding))) ctx.warn(`${node.name}: ${message}`);
  const wrong = found.filter(isFatal);
  if (wrong.length > 0) throw preflightError(node.name, wrong, { hosts: [], links: [] });
  return undefined;
}

async function isInSwarm(ctx: UnitContext): Promise<boolean> {
  try {
    return (await localSwarm(await ctx.engine())).state !== 'inactive';
  } catch (error) {
    // One that refuses is asked again, on the host itself.
    if (hasCode(error, 'ENGINE_UNREACHABLE', 'ENGINE_REFUSED')) return false;
    throw error;
  }
}

/** Whether this cluster's managers list the node in the swarm. */
async function isMember(ctx: UnitContext): Promise<boolean> {
  try {
    const { state, nodeId } = await localSwarm(await ctx.engine());
    return state === 'active' && (await ctx.swarm.nodes(ctx.signal)).some(({ ID }) => ID === nodeId);
  } catch (error) {
    if (
      hasCode(error, 'ENGINE_UNREACHABLE', 'ENGINE_REFUSED', 'SWARM_NO_MANAGER', 'SWARM_CERTIFICATE', 'MACHINE_ABSENT')
    )
      return false;
    throw error;
  }
}
