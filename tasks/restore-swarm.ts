import { basename, dirname } from 'node:path/posix';
import { PassThrough } from 'node:stream';
import { readBackup } from '../lib/backup/read.ts';
import { unpackCommand } from '../lib/backup/unpack.ts';
import { differencesFrom, keptBy } from '../lib/backup/manifest.ts';
import { type Manifest, volumeOf, type RestoreRequest } from '../lib/contracts/backup-request.ts';
import type { UnitContext } from '../lib/contracts/context.ts';
import { startEngine } from '../lib/docker/engine.ts';
import { stopDocker } from '../lib/docker/service.ts';
import { SwarmupError } from '../lib/util/errors.ts';
import type { Host } from '../lib/contracts/host.ts';
import { Secret } from '../lib/util/secret.ts';
import { forceNewSwarm, keyWithoutLock } from '../lib/swarm/force-new.ts';
import { localSwarm, type LocalSwarm } from '../lib/swarm/local-state.ts';
import { forgetOthers } from '../lib/swarm/recovery.ts';
import { requireUnlockKey } from '../lib/swarm/unlock.ts';
import { keepUnlockKey } from '../lib/swarm/unlock-key.ts';
import { CLUSTER } from '../lib/contracts/target.ts';
import { defineTask } from '../lib/pipeline/task.ts';
import { created, type Change } from '../lib/contracts/change.ts';

interface State {
  /** Each node's own view of its swarm. */
  readonly found: ReadonlyMap<string, LocalSwarm>;
  /** What differs from the back-up in the swarm that it was made of; undefined if the manager isn't in that. */
  readonly differences: readonly string[] | undefined;
  /** The address of the machine to which the back-up is restored. */
  readonly address: string;
}

/** Restores a swarm from a back-up, on machines that aren't in a swarm. The other nodes join it as usual. */
export default defineTask<State, Change>({
  id: 'restore-swarm',
  title: 'Swarm restored',
  about: 'Restores the swarm on the manager that the back-up was made from, and compares it with the back-up.',
  needs: [{ task: 'install-docker', of: 'all' }],
  targets: ({ request }) => (request?.restore ? [CLUSTER] : []),
  check: async (ctx) => {
    const { manager, swarmId, objects } = requested(ctx).manifest;
    const views = await Promise.all(
      ctx.cluster.nodes.map(async ({ name }) => [name, await localSwarm(await ctx.engine(name))] as const),
    );
    const found = new Map(views);
    const own = found.get(manager.name);
    const isIn = own?.clusterId === swarmId && own.nodeId === manager.id;
    const differences = isIn ? differencesFrom(objects, await keptBy(await ctx.engine(manager.name))) : undefined;
    return { found, differences, address: ctx.machines.running(manager.name).address };
  },
  absent: ({ cluster }) => ({
    found: new Map(),
    differences: undefined,
    address: cluster.request?.restore?.manifest.manager.address ?? '',
  }),
  plan: ({ found, differences, address }, { cluster }) => {
    const manifest = cluster.request?.restore?.manifest;
    if (!manifest) return [];
    const { manager } = manifest;
    // A run may have been interrupted after it had restored the swarm.
    if (differences?.length === 0) return [];
    const members = [...found].filter(([, { state }]) => state !== 'inactive').map(([name]) => name);
    if (members.length > 0) throw inUse(members);
    if (address !== manager.address) throw otherAddress(manager, address);
    return [created(['swarm'], { manager: manager.name, backup: manifest.createdAt, ...counts(manifest) })];
  },
  apply: async (ctx) => {
    const request = requested(ctx);
    const { manager, unlockKey } = request.manifest;
    const { folder } = await localSwarm(await ctx.engine(manager.name));
    await unpack(ctx, request, folder);
    const kept = unlockKey === undefined ? undefined : new Secret(unlockKey);
    if (kept) await keepUnlockKey(ctx.state, kept);
    const unlockWith = async () => kept ?? requireUnlockKey(ctx, manager.name);
    const host = await ctx.host(manager.name);
    const open = await keyWithoutLock(host, { folder, unlockKey: unlockWith }, ctx.signal);
    await open?.();
    await startEngine(ctx, manager.name);
    await forceNewSwarm(ctx, manager.name, manager.address);
    const now = await keptBy(await ctx.engine(manager.name));
    const differences = differencesFrom(request.manifest.objects, now);
    if (differences.length > 0) throw differs(differences);
    await forgetOthers(ctx, manager.name, manager.id);
  },
});

function requested({ cluster }: UnitContext): RestoreRequest {
  const request = cluster.request?.restore;
  if (!request) throw new Error('no back-up was given to restore');
  return request;
}

/** Unpacks every part: the swarm's state on a manager whose engine is stopped, volumes on their nodes. */
async function unpack(ctx: UnitContext, { file, key, manifest }: RestoreRequest, folder: string): Promise<void> {
  const places = await placesOf(ctx, manifest, folder);
  const unpacking: Promise<unknown>[] = [];
  await readBackup(file, key, (part) => {
    const place = places[part];
    if (!place) return undefined;
    ctx.report(`${place.host.name}: ${manifest.parts[part]?.name ?? ''}`);
    const input = new PassThrough();
    unpacking.push(place.host.run(unpackCommand(place.folder, place.only), { input, signal: ctx.signal }));
    return input;
  });
  await Promise.all(unpacking);
}

interface Place {
  readonly host: Host;
  readonly folder: string;
  /** The only name that is unpacked. */
  readonly only?: string;
}

/** The destination of each part, by its number. The manager's engine stops after the last part that needs it. */
async function placesOf(ctx: UnitContext, { manager, parts }: Manifest, folder: string): Promise<readonly Place[]> {
  const volumes = await Promise.all(
    parts.map(async ({ name }): Promise<Place | undefined> => {
      const volume = volumeOf(name);
      if (!volume) return undefined;
      const engine = await ctx.engine(volume.node);
      const { Mountpoint } = await engine.call(`make the volume ${volume.volume}`, async (docker) =>
        (await docker.createVolume({ Name: volume.volume })).inspect(),
      );
      return { host: await ctx.host(volume.node), folder: Mountpoint };
    }),
  );
  const host = await ctx.host(manager.name);
  await stopDocker(host, ctx.signal);
  // It isn't in a swarm: the remaining state is of a swarm that it left.
  await host.run(['rm', '-rf', folder], { signal: ctx.signal });
  // The archive contains the folder itself, and the folder around it has everything else of the engine.
  return volumes.map((volume) => volume ?? { host, folder: dirname(folder), only: basename(folder) });
}

/** The number of services, networks, secrets and configs in a back-up. */
function counts({ objects }: Manifest): Readonly<Record<string, number>> {
  const groups = Object.groupBy(objects, ({ kind }) => kind);
  return Object.fromEntries(
    ['service', 'network', 'secret', 'config'].map((kind) => [`${kind}s`, groups[kind]?.length ?? 0]),
  );
}

function inUse(members: readonly string[]): SwarmupError {
  return new SwarmupError(
    'SWARM_ELSEWHERE',
    `${members.join(', ')} belong to a swarm, but a back-up is restored to machines that are in none`,
    {
      fix: "If that swarm is no longer needed: 'swarmup down' first. If it only lost its majority: 'swarmup recover'.",
    },
  );
}

function otherAddress({ name, address }: Manifest['manager'], now: string): SwarmupError {
  return new SwarmupError(
    'CANNOT_RECOVER',
    `${name} has the address ${now}, but in the back-up it has ${address}, and a manager's address can't change`,
    {
      fix: `Give ${name} the address ${address} (for hosts: advertise), then run again.`,
    },
  );
}

function differs(differences: readonly string[]): SwarmupError {
  return new SwarmupError('RESTORE_DIFFERS', 'the restored swarm differs from the back-up', {
    fix: 'It was left in this state for inspection: swarmup status.',
    output: differences.join('\n'),
  });
}
