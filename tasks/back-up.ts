import type { Writable } from 'node:stream';
import { dirname } from 'node:path/posix';
import { writeBackup } from '../lib/backup/write.ts';
import { keptBy } from '../lib/backup/manifest.ts';
import { partName, type BackupRequest, type VolumeName } from '../lib/backup/request.ts';
import type { UnitContext } from '../lib/context.ts';
import { untilEngineAnswers } from '../lib/docker/engine.ts';
import { startDocker, stopDocker } from '../lib/docker/service.ts';
import { SwarmupError } from '../lib/errors.ts';
import { exists } from '../lib/files.ts';
import { whileAway } from '../lib/swarm/away.ts';
import { localSwarm } from '../lib/swarm/local.ts';
import { listNodes, nameOf } from '../lib/swarm/read.ts';
import { readSwarm, unlockKeyOf } from '../lib/swarm/settings.ts';
import type { SwarmNode } from '../lib/swarm/types.ts';
import { CLUSTER, defineTask, type Change } from '../lib/task.ts';

/** The engine is started again also by a run that was interrupted. */
const START_MS = 120_000;

interface State {
  readonly written: boolean;
}

/** All that the managers keep, in one encrypted file that was read again. */
export default defineTask<State, Change>({
  id: 'back-up',
  title: 'Backed up',
  about: 'Stops one manager that does not lead for a moment, and writes what the managers keep into an encrypted file.',
  needs: [],
  targets: ({ request }) => (request?.backup ? [CLUSTER] : []),
  check: async ({ cluster }) => ({ written: await exists(cluster.request?.backup?.file ?? '') }),
  absent: () => ({ written: false }),
  plan: ({ written }, { cluster }) =>
    written ? [] : [{ action: 'create', summary: `back-up ${cluster.request?.backup?.file}` }],
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
    ctx.warn(`${name} is the only manager: while its Raft log is read its engine stops, with all that runs there`);
  const [swarm, objects, unlockKey] = await Promise.all([readSwarm(manager), keptBy(manager), unlockKeyOf(manager)]);
  await writeBackup(file, lock, async (writer) => {
    await whileAway(ctx, node, () =>
      writer.add(partName(), async (into) => {
        const { folder } = await localSwarm(await ctx.engine(name));
        await readStopped(ctx, name, { folder, into });
      }),
    );
    for (const volume of volumes) await writer.add(partName(volume), (into) => readVolume(ctx, volume, into));
    ctx.report('reading it again');
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

/** A manager that the others can do without: one that runs nothing anyway, and the leader last. */
function leastNeeded(nodes: readonly SwarmNode[], own: ReadonlySet<string>): SwarmNode {
  const rank = ({ ManagerStatus, Spec }: SwarmNode) =>
    (ManagerStatus?.Leader ? 2 : 0) + (Spec.Availability === 'drain' ? 0 : 1);
  const [first] = nodes
    .filter((node) => node.ManagerStatus?.Reachability === 'reachable' && own.has(nameOf(node)))
    .toSorted((one, other) => rank(one) - rank(other));
  if (first) return first;
  throw new SwarmupError('SWARM_NO_MANAGER', 'no manager of the cluster file can be reached', {
    fix: "See what is there with 'swarmup status'.",
  });
}

/** The log is whole only while nothing writes it. Source: docs.docker.com, "Back up the swarm". */
async function readStopped(
  ctx: UnitContext,
  node: string,
  { folder, into }: { readonly folder: string; readonly into: Writable },
): Promise<void> {
  const host = await ctx.host(node);
  ctx.report(`${node}: reading its Raft log`);
  await stopDocker(host, ctx.signal);
  try {
    // Files that end in .tmp are space that the log may grow into.
    const tar = ['tar', '-C', dirname(folder), '--exclude=*.tmp', '-cz', 'swarm'];
    await host.run(tar, { output: into, signal: ctx.signal });
  } finally {
    await startDocker(host, AbortSignal.timeout(START_MS));
  }
  await untilEngineAnswers(ctx, node);
}

async function readVolume(ctx: UnitContext, { node, volume }: VolumeName, into: Writable): Promise<void> {
  const engine = await ctx.engine(node);
  const found = await engine.find(`look for the volume ${volume}`, (docker) => docker.getVolume(volume).inspect());
  if (!found)
    throw new SwarmupError('UNKNOWN_NAME', `${node} has no volume ${volume}`, {
      fix: `See those it has: swarmup ssh ${node} -- sudo docker volume ls`,
    });
  ctx.report(`${node}: reading the volume ${volume}`);
  const host = await ctx.host(node);
  await host.run(['tar', '-C', found.Mountpoint, '-cz', '.'], { output: into, signal: ctx.signal });
}
