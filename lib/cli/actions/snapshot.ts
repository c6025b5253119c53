import { firstExpiry } from '../../swarm/certificates.ts';
import type { RunContext } from '../../contracts/context.ts';
import type { Listener } from '../../contracts/events.ts';
import type { Machine, ProviderIo, Snapshots } from '../../contracts/provider.ts';
import { underLock, type Session } from '../../pipeline/run-pipeline.ts';
import { confirm } from '../../render/confirm.ts';
import { duration, plural } from '../../render/format.ts';
import { megabytes } from '../../render/cache.ts';
import { print, printJson, writeStderr } from '../../render/output.ts';
import { snapshotsText } from '../../render/snapshots.ts';
import { SwarmupError } from '../../util/errors.ts';
import type { CommonOptions, RunOptions } from '../options.ts';
import { clusterOf, withSession } from '../session.ts';
import { verify } from './pipelines.ts';
import { hangingLines } from '../../util/visible.ts';

/** The name of a snapshot when none is given. */
const DEFAULT = 'default';

/** What the commands have at hand: the cluster's snapshots, and its nodes. */
interface Desk {
  readonly session: Session;
  readonly snapshots: Snapshots;
  readonly nodes: readonly string[];
  readonly io: ProviderIo;
}

/** Saves all machines as they run now. */
export async function save(name: string | undefined, options: RunOptions): Promise<number> {
  return atDesk(options, async (desk) => {
    const { session, snapshots, nodes, io } = desk;
    const chosen = name ?? DEFAULT;
    const former = (await snapshots.list(nodes, io)).find((one) => one.name === chosen);
    const question = `Replace the snapshot ${chosen} of ${former?.takenAt}?`;
    if (former && !options.yes && !(await confirm(question))) return 1;
    return locked('save', options, session, async () => {
      const usableUntil = async () => {
        const expiry = await firstExpiry(session.context, nodes, session.signal);
        return expiry === undefined ? undefined : new Date(expiry).toISOString();
      };
      const pausedMs = await snapshots.save({ name: chosen, nodes, usableUntil }, io);
      const saved = (await snapshots.list(nodes, io)).find((one) => one.name === chosen);
      const machines = plural(nodes.length, 'machine');
      if (options.json) printJson({ ...saved, pausedMs });
      else print(`${chosen}: ${machines}, ${megabytes(saved?.bytes ?? 0)}, paused for ${duration(pausedMs)}\n`);
      return 0;
    });
  });
}

/** Replaces the machines by those of a snapshot, and runs all checks. */
export async function restore(name: string | undefined, options: RunOptions): Promise<number> {
  const status = await atDesk(options, async ({ session, snapshots, nodes, io }) => {
    const chosen = name ?? DEFAULT;
    const found = (await snapshots.list(nodes, io)).find((one) => one.name === chosen);
    const machines = session.context.machines.all();
    // Without one there is nothing to ask: `restore` refuses it.
    const asked = found && found.unusable === undefined && machines.length > 0 && !options.yes;
    if (asked && !(await confirm(restoreQuestion(chosen, found.takenAt, machines)))) return 1;
    return locked('restore', options, session, async () => {
      const start = Date.now();
      await snapshots.restore(chosen, nodes, io);
      if (!options.json && options.renderer !== 'silent')
        writeStderr(`${plural(nodes.length, 'machine')} restored in ${duration(Date.now() - start)}\n`);
      return 0;
    });
  });
  // In a session of its own: the machines and their ports are others now.
  return status === 0 ? verify(options) : status;
}

function restoreQuestion(name: string, takenAt: string, machines: readonly Machine[]): string {
  const names = machines.map((machine) => machine.name).join(', ');
  return `Replace ${names} by the snapshot ${name} of ${takenAt}? Everything since then is lost.`;
}

/** Shows every snapshot, and which of them can be restored. */
export async function list(options: CommonOptions): Promise<number> {
  return atDesk(options, async ({ session, snapshots, nodes, io }) => {
    const entries = await snapshots.list(nodes, io);
    if (options.json) printJson({ snapshots: entries });
    else print(snapshotsText(entries, session.context.cluster.name));
    return 0;
  });
}

export async function remove(name: string | undefined, options: RunOptions): Promise<number> {
  return atDesk(options, async ({ session, snapshots, nodes, io }) => {
    const chosen = name ?? DEFAULT;
    const found = (await snapshots.list(nodes, io)).find((one) => one.name === chosen);
    const question = `Remove the snapshot ${chosen} of ${found?.takenAt}?`;
    if (found && !options.yes && !(await confirm(question))) return 1;
    return locked('remove', options, session, async () => {
      await snapshots.remove(chosen);
      if (options.json) printJson({ removed: chosen });
      else print(`${chosen} removed: ${megabytes(found?.bytes ?? 0)}\n`);
      return 0;
    });
  });
}

async function atDesk(options: CommonOptions, work: (desk: Desk) => Promise<number>): Promise<number> {
  const { yes, acceptNew } = options;
  const shown = options.renderer !== 'silent';
  const warn = (message: string) => writeStderr(`  ! ${hangingLines(message, '    ')}\n`);
  const listener: Listener = (event) => {
    if (event.type === 'warning') warn(event.warning.message);
  };
  return withSession(await clusterOf(options), { yes, acceptNew, listeners: [listener] }, async (session) => {
    const { signal, context } = session;
    const snapshots = snapshotsOf(context);
    const nodes = context.cluster.nodes.map((node) => node.name);
    const report = (detail: string) => {
      if (shown) writeStderr(`${hangingLines(detail, '  ')}\n`);
    };
    return work({ session, snapshots, nodes, io: { signal, report, warn } });
  });
}

/** The lock on a manager would be saved with it, so only the lock on this computer is held: the machines run here. */
function locked(
  what: string,
  { lockWait = 0 }: Pick<RunOptions, 'lockWait'>,
  session: Session,
  work: () => Promise<number>,
): Promise<number> {
  return underLock({ command: `snapshot ${what}`, waitMs: lockWait, onlyHere: true }, session, work);
}

/** @throws SwarmupError USAGE when not all machines of the cluster can be saved */
function snapshotsOf({ provider, cluster }: Pick<RunContext, 'provider' | 'cluster'>): Snapshots {
  if (provider.snapshots) return provider.snapshots;
  const { parts, type } = cluster.provider;
  const kinds = parts ? Object.entries(parts).map(([name, section]) => `${name} (${section.type})`) : [type];
  throw new SwarmupError(
    'USAGE',
    `snapshots need a cluster whose machines are all QEMU machines, and ${cluster.name} has machines of ${kinds.join(', ')}`,
    { fix: "'swarmup backup' saves what the managers keep, whatever the machines are." },
  );
}
