import { X509Certificate } from 'node:crypto';
import type { Abortable, Hosts, Managers, OnNode } from '../contracts/context.ts';
import { hasCode } from '../util/errors.ts';
import type { Engine } from '../contracts/engine.ts';
import { NODE_CERTIFICATE } from './certificates.ts';
import type { LocalSwarm } from './local-state.ts';
import { readSwarm, updateSwarm } from './settings.ts';

/** On the swarm: the ids of managers that a recovery left behind. When one comes back, it brings the swarm of before with it. */
const LOST_LABEL = 'swarmup.lost';
/** More than any swarm has managers: the oldest are forgotten. */
const MOST = 20;

type Labels = Readonly<Record<string, string>> | null | undefined;

function lostIds(labels: Labels): readonly string[] {
  return (labels?.[LOST_LABEL] ?? '').split(',').filter((id) => id !== '');
}

/** Notes managers that a recovery leaves behind. @param ids their node ids */
export async function noteLost(manager: Engine, ids: readonly string[]): Promise<void> {
  await updateSwarm(manager, 'note the managers left behind', (spec) => {
    const all = [...new Set([...lostIds(spec.Labels), ...ids])].slice(-MOST);
    return { ...spec, Labels: { ...spec.Labels, [LOST_LABEL]: all.join(',') } };
  });
}

/** Whether a node's engine is still in the swarm as it was before a recovery, which it has to leave without asking anybody there. */
export async function isLeftBehind(ctx: Managers & Hosts & OnNode, local: LocalSwarm): Promise<boolean> {
  if (local.state === 'inactive') return false;
  const lost = await lostNow(ctx);
  if (lost.length === 0) return false;
  return lost.includes(local.nodeId === '' ? await idOnDisk(ctx, local.folder) : local.nodeId);
}

/** As the swarm that can be asked has it; none where no other manager than this node's can be. */
async function lostNow({ swarm, signal, node }: Managers & OnNode): Promise<readonly string[]> {
  try {
    const manager = await swarm.manager(signal);
    if (manager.node === node.name) return [];
    return lostIds((await readSwarm(manager)).Spec.Labels);
  } catch (error) {
    if (hasCode(error, 'SWARM_NO_MANAGER', 'SWARM_NO_QUORUM', 'ENGINE_UNREACHABLE')) return [];
    throw error;
  }
}

/** The id of a node whose engine doesn't tell it: a locked one. Its certificate names it. Empty where there is none. */
async function idOnDisk(ctx: Abortable & Hosts & OnNode, folder: string): Promise<string> {
  const host = await ctx.host(ctx.node.name);
  const file = `${folder}/${NODE_CERTIFICATE}`;
  const { stdout, exitCode } = await host.run(['cat', file], { signal: ctx.signal, okExit: 'any' });
  if (exitCode !== 0) return '';
  return /^CN=(.+)$/m.exec(new X509Certificate(stdout).subject)?.[1] ?? '';
}
