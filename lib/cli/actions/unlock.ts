import { firstManager } from '../../config/model.ts';
import { LocalLock, type Holder } from '../../lock/local.ts';
import { describeOwner } from '../../lock/owner.ts';
import { RemoteLock } from '../../lock/remote.ts';
import type { Session } from '../../pipeline/run-pipeline.ts';
import { confirm } from '../../render/confirm.ts';
import { print } from '../../render/output.ts';
import { visibleLine } from '../../util/visible.ts';
import type { CommonOptions } from '../options.ts';
import { clusterOf, withSession } from '../session.ts';

interface Place {
  readonly place: string;
  readonly holder: Holder;
  readonly remove: () => Promise<void>;
}

/** Removes the lock of a run that is gone, after showing its owner and asking. @returns 1 when it is left in place */
export async function unlock(options: CommonOptions): Promise<number> {
  return withSession(await clusterOf(options), options, async (session) => {
    const places = [...(await local(session)), ...(await remote(session))];
    if (places.length === 0) {
      print(`${session.context.cluster.name} is not locked\n`);
      return 0;
    }
    for (const { place, holder } of places) print(`${place}: ${visibleLine(textOf(holder))}\n`);
    if (!options.yes && !(await confirm('Remove it? A run that is still working would no longer be alone.'))) return 1;
    for (const { remove } of places) await remove();
    print(`${session.context.cluster.name} is unlocked\n`);
    return 0;
  });
}

function textOf({ owner, ageMs }: Holder): string {
  return owner ? describeOwner(owner, ageMs) : 'a run that was killed while it acquired the lock';
}

async function local({ context }: Session): Promise<Place[]> {
  const lock = new LocalLock(context.cluster.stateDir);
  const holder = await lock.holder();
  return holder ? [{ place: lock.path, holder, remove: () => lock.remove() }] : [];
}

async function remote({ context, signal }: Session): Promise<Place[]> {
  const { name } = firstManager(context.cluster);
  if (context.machines.get(name)?.state !== 'running') return [];
  const lock = new RemoteLock(await context.remote.host(name, signal), context.cluster.name);
  const holder = await lock.holder(signal);
  return holder ? [{ place: lock.place, holder, remove: () => lock.remove(signal) }] : [];
}
