import type { Writable } from 'node:stream';
import { writeBackup } from '../lib/backup/write.ts';
import { keptBy } from '../lib/backup/manifest.ts';
import { raftLogCopy } from '../lib/backup/raft-log.ts';
import { partName, type BackupRequest, type VolumeName } from '../lib/contracts/backup-request.ts';
import type { UnitContext } from '../lib/contracts/context.ts';
import { SwarmupError } from '../lib/util/errors.ts';
import { exists } from '../lib/util/files.ts';
import { withNodeDrained } from '../lib/swarm/maintenance.ts';
import { listNodes, nameOf } from '../lib/swarm/read.ts';
import { readSwarm, unlockKeyOf } from '../lib/swarm/settings.ts';
import type { SwarmNode } from '../lib/contracts/swarm-types.ts';
import { CLUSTER } from '../lib/contracts/target.ts';
import { defineTask } from '../lib/pipeline/task.ts';
import { created, type Change } from '../lib/contracts/change.ts';

interface State {
  readonly written: boolean;
}

/** Writes everything that the managers keep into one encrypted file, and verifies it. */
export default defineTask<State, Change>({
  id: 'back-up',
  title: 'Backed up',
  about:
    'Stops a manager other than the leader for a moment, and writes what the managers keep into an encrypted file.',
  needs: [],
  targets: ({ request }) => (request?.backup ? [CLUSTER] : []),
  check: async ({ cluster }) => ({ written: await exists(cluster.request?.backup?.file ?? '') }),
  absent: () => ({ written: false }),
  plan: ({ written }, { cluster }) => (written ? [] : [created(['backups', cluster.request?.backup?.file ?? ''])]),
  apply: async (ctx) => {
    const request = ctx.cluster.request?.backup;
    if (request) await backUp(ctx, request);
  },
});

async function backUp(ctx: UnitContext, { file, lock, volumes }: BackupRequest): Promise<void> {
  const manager = await ctx.swarm.manager(ctx.signal);
  const nodes = await listNodes(manager);
  const node = leastNeeded(nodes, new Set(ctx.cluster.nodes.map(({ name }) => name)));
  const name = nameOf(node);
  if (node.ManagerStatus?.Leader)
    ctx.warn(
      `${name} is the only manager: its engine, with everything that runs there, stops while its Raft log is copied`,
    );
  const [swarm, objects, unlockKey] = await Promise.all([readSwarm(manager), keptBy(manager), unlockKeyOf(manager)]);
  await writeBackup(file, lock, async (writer) => {
    const copy = await raftLogCopy(ctx, name);
    try {
      await withNodeDrained(ctx, node, () => copy.make());
      await writer.add(partName(), (into) => copy.read(into));
    } finally {
      await copy.remove();
    }
    for (const volume of volumes) await writer.add(partName(volume), (into) => readVolume(ctx, volume, into));
    ctx.report('verifying it');
    return {
      format: 1,
      cluster: ctx.cluster.name,
      swarmId: swarm.ID,
      createdAt: new Date(ctx.clock.now()).toISOString(),
      manager: { name, id: node.ID, address: node.Status.Addr, engine: node.Description.Engine.EngineVersion },
      ...(unlockKey ? { unlockKey: unlockKey.reveal() } : {}),
      objects: [...objects],
    };
  });
}

/** The manager that the others need least: preferably one that runs nothing, and the leader last. */
function leastNeeded(nodes: readonly SwarmNode[], own: ReadonlySet<string>): SwarmNode {
  const rank = ({ ManagerStatus, Spec }: SwarmNode) =>
    (ManagerStatus?.Leader ? 2 : 0) + (Spec.Availability === 'drain' ? 0 : 1);
  const [first] = nodes
    .filter((node) => node.ManagerStatus?.Reachability === 'reachable' && own.has(nameOf(node)))
    .toSorted((one, other) => rank(one) - rank(other));
  if (first) return first;
  throw new SwarmupError('SWARM_NO_MANAGER', 'no manager of the cluster file can be reached', {
    fix: "Check the machines and nodes with 'swarmup status'.",
  });
}

async function readVolume(ctx: UnitContext, { node, volume }: VolumeName, into: Writable): Promise<void> {
  const engine = await ctx.engine(node);
  const found = await engine.find(`look for the volume ${volume}`, (docker) => docker.getVolume(volume).inspect());
  if (!found)
    throw new SwarmupError('UNKNOWN_NAME', `${node} has no volume ${volume}`, {
      fix: `List its volumes: swarmup ssh ${node} -- sudo docker volume ls`,
    });
  ctx.report(`${node}: reading the volume ${volume}`);
  const host = await ctx.host(node);
  await host.run(['tar', '-C', found.Mountpoint, '-cz', '.'], { output: into, signal: ctx.signal });
}
