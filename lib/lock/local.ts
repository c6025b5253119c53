import { mkdir, readFile, rename, stat, utimes, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { dirname } from 'node:path';
import { hasErrno } from '../util/errno.ts';
import { ifThere } from '../util/files.ts';
import { isAlive } from '../remote/processes.ts';
import { removeIfEmpty, removeOwn } from '../util/remove.ts';
import { inheritance, parseOwner, STALE_MS, type Owner } from './owner.ts';

/** Who holds a lock, and how long ago it was refreshed. `owner` is undefined for a truncated file. */
export interface Holder {
  readonly owner: Owner | undefined;
  readonly ageMs: number;
}

/** The outcome of trying to acquire a lock. A dead run's lock is taken over: `from` is that run. */
export type Attempt = { readonly taken: true; readonly from?: Owner | undefined } | { readonly held: Holder };

/** The lock on this computer: a file beside the cluster's state folder. */
export class LocalLock {
  readonly path: string;

  constructor(stateDir: string) {
    this.path = `${stateDir}.lock`;
  }

  async take(owner: Owner): Promise<Attempt> {
    await mkdir(dirname(this.path), { recursive: true, mode: 0o700 });
    for (;;) {
      if (await writeNew(this.path, owner)) return { taken: true };
      const holder = await this.holder();
      if (!holder) continue;
      if (!isDead(holder)) return { held: holder };
      if (await this.#takeOver(holder, owner)) return { taken: true, from: holder.owner };
    }
  }

  /** Who holds it now, alive or dead; undefined when it is free. */
  holder(): Promise<Holder | undefined> {
    return holderOf(this.path);
  }

  /** Refreshes the lock. @returns false when another run holds the lock now */
  async beat(owner: Owner): Promise<boolean> {
    if ((await this.holder())?.owner?.token !== owner.token) return false;
    const now = new Date();
    await utimes(this.path, now, now);
    return true;
  }

  async release(owner: Owner): Promise<void> {
    if ((await this.holder())?.owner?.token === owner.token) await this.remove();
  }

  /** Removes the lock, even if another run holds it, and the folder `.swarmup` if it is then empty. */
  async remove(): Promise<void> {
    await removeOwn(this.path);
    await removeIfEmpty(dirname(this.path));
  }

  /**
   * Replaces a dead run's lock. Several runs may find the same dead lock: the one that creates the take-over file
   * checks again that it is still the same lock, and replaces it atomically.
   */
  async #takeOver(dead: Holder, owner: Owner): Promise<boolean> {
    const claim = `${this.path}.${dead.owner?.token ?? 'none'}`;
    if (!(await writeNew(claim, { ...owner, heirTo: [...inheritance(dead.owner)] }))) {
      const other = await holderOf(claim);
      // Killed in the middle of its take-over.
      if (other && isDead(other)) await removeOwn(claim);
      return false;
    }
    const now = await this.holder();
    const same = now !== undefined && now.owner?.token === dead.owner?.token;
    if (same) await rename(claim, this.path);
    else await removeOwn(claim);
    return same;
  }
}

async function holderOf(path: string): Promise<Holder | undefined> {
  const found = await ifThere(Promise.all([readFile(path, 'utf8'), stat(path)]));
  if (!found) return undefined;
  const [text, { mtimeMs }] = found;
  return { owner: parseOwner(text), ageMs: Math.max(0, Date.now() - mtimeMs) };
}

/** On this computer the process shows it; a lock from another computer is dead when it isn't refreshed. */
function isDead({ owner, ageMs }: Holder): boolean {
  if (!owner) return ageMs > 1_000;
  return owner.host === hostname() ? !isAlive(owner.pid) : ageMs > STALE_MS;
}

async function writeNew(path: string, owner: Owner): Promise<boolean> {
  try {
    await writeFile(path, `${JSON.stringify(owner)}\n`, { flag: 'wx', mode: 0o600 });
    return true;
  } catch (error) {
    if (hasErrno(error, 'EEXIST')) return false;
    throw error;
  }
}
