import type { Hosts, Managers, OnNode } from '../contracts/context.ts';
import { hasCode } from '../util/errors.ts';
import type { Engine } from '../contracts/engine.ts';
import { certificateOnDisk } from './certificates.ts';
import type { LocalSwarm } from './local-state.ts';
import { readSwarm, updateSwarm } from './settings.ts';

/**
 * A label on the swarm: the IDs of managers that a recovery left behind. One that comes back is still in the old swarm.
 */
const LOST_LABEL = 'swarmup.lost';
/** How many are kept, more than any swarm has managers: the oldest are forgotten. */
const MOST = 20;

type Labels = Readonly<Record<string, string>> | null | undefined;

function lostIds(labels: Labels): readonly string[] {
  return (labels?.[LOST_LABEL] ?? '').split(',').filter((id) => id !== '');
}

/** Records managers that a recovery leaves behind. @param ids their node IDs */
export async function noteLost(manager: Engine, ids: readonly string[]): Promise<void> {
  await updateSwarm(manager, 'note the managers left behind', (spec) => {
    const all = [...new Set([...lostIds(spec.Labels), ...ids])].slice(-MOST);
    return { ...spec, Labels: { ...spec.Labels, [LOST_LABEL]: all.join(',') } };
  });
}

/**
 * Whether a node's engine is still in the swarm from before a recovery, which it has to leave without the other
 * managers' consent.
 */
export async function isLeftBehind(ctx: Managers & Hosts & OnNode, local: LocalSwarm): Promise<boolean> {
  if (local.state === 'inactive') return false;
  const lost = await lostNow(ctx);
  if (lost.length === 0) return false;
  // A locked engine doesn't report its ID.
  const id = local.nodeId || (await certificateOnDisk(ctx, ctx.node.name, local.folder))?.id;
  return id !== undefined && lost.includes(id);
}

/** The managers recorded on the current swarm; none if no manager besides this node can be reached. */
async function lostNow({ swarm, signal, node }: Managers & OnNode): Promise<readonly string[]> {
  try {
    const manager = await swarm.manager(signal);
    if (manager.node === node.name) return [];
    return lostIds((await readSwarm(manager)).Spec.Labels);
  } catch (error) {
    if (hasCode(error, 'SWARM_NO_MANAGER', 'SWARM_NO_QUORUM', 'SWARM_CERTIFICATE', 'ENGINE_UNREACHABLE')) return [];
    throw error;
  }
}
