import { mkdir, readFile, readdir, stat, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import type { Clock } from '../../../async/clock.ts';
import { ifThere } from '../../../util/files.ts';
import { removeInside } from '../../../util/remove.ts';
import { addUser, isUsers, removeUsed, trackUsers, usersOf } from '../../users.ts';
import { publish } from '../build.ts';

/** A machine as it was while it ran: memory and devices in one file, and the disk that belongs to them. */
export interface SavedState {
  readonly key: string;
  readonly folder: string;
  /** QEMU's migration stream. */
  readonly memory: string;
  /** qcow2; it never changes again, as machines have their own layer on it. */
  readonly disk: string;
  /** The MAC addresses of the machine that was saved. */
  readonly macs: { readonly uplink: string; readonly segment: string };
}

const stateSchema = z.object({
  /** The image that its disk is a layer on. */
  image: z.string(),
  /** What it is for: see stateKind. */
  kind: z.string().default(''),
  macs: z.object({ uplink: z.string(), segment: z.string() }),
});

type StateFile = z.output<typeof stateSchema>;

/** Present in the folder of a state that this computer can't load. */
const REFUSED = 'refused';
/** States that no cluster has started from for this long are removed when another one is made. */
const UNUSED_MS = 30 * 86_400_000;

/** The saved states of this user, shared by all clusters. */
export class StateStore {
  readonly #root: string;
  readonly #clock: Clock;

  constructor(cache: string, clock: Clock) {
    this.#root = join(cache, 'states');
    this.#clock = clock;
  }

  /** A state to start machines from. The store notes when that was last done. */
  async find(key: string): Promise<SavedState | undefined> {
    const file = await this.#read(key);
    if (!file) return undefined;
    const now = new Date(this.#clock.now());
    await utimes(this.#stateFile(key), now, now);
    return { key, macs: file.macs, ...filesOf(join(this.#root, key)) };
  }

  /** Gives a finished folder its name. Where another run was faster, its state is as good. */
  async publish(work: string, key: string, file: StateFile): Promise<void> {
    await mkdir(this.#root, { recursive: true, mode: 0o700 });
    await writeFile(join(work, 'state.json'), `${JSON.stringify(file)}\n`, { mode: 0o600 });
    const folder = join(this.#root, key);
    await trackUsers(folder);
    await publish(work, folder);
    await addUser(file.image, this.#stateFile(key));
  }

  /** Removes the memory of a state that doesn't load; its disk stays while machines use it. */
  async discard(state: SavedState): Promise<void> {
    await removeInside(this.#root, this.#stateFile(state.key));
    await removeInside(this.#root, state.memory);
    await this.#removeUnused(state.key);
  }

  /** Remembers that this computer can't load states with this key, so that none is made again. */
  async refuse(key: string, reason: string): Promise<void> {
    const folder = join(this.#root, key);
    await mkdir(folder, { recursive: true, mode: 0o700 });
    await trackUsers(folder);
    await writeFile(join(folder, REFUSED), `${reason}\n`, { mode: 0o600 });
  }

  /**
   * Why no state can be made for a key: this computer can't load it, or machines still use the disk of one that was
   * discarded.
   */
  async refused(key: string): Promise<string | undefined> {
    const folder = join(this.#root, key);
    const reason = await ifThere(readFile(join(folder, REFUSED), 'utf8'));
    if (reason !== undefined) return reason.trim();
    if ((await this.#read(key)) || !(await ifThere(stat(folder)))) return undefined;
    await this.#removeUnused(key);
    return (await ifThere(stat(folder))) ? 'machines still use the disk of a discarded state' : undefined;
  }

  /** Removes states that no machine uses, and that this one replaces or nobody has needed for a month. */
  async prune(current: string): Promise<void> {
    const kind = (await this.#read(current))?.kind;
    const keys = ((await ifThere(readdir(this.#root))) ?? []).filter((name) => !isUsers(name) && name !== current);
    for (const key of keys) {
      const file = await this.#read(key);
      if (!file || file.kind === kind || (await this.#isOld(key))) await this.#removeUnused(key);
    }
  }

  async #isOld(key: string): Promise<boolean> {
    const found = await ifThere(stat(this.#stateFile(key)));
    return !found || found.mtimeMs < this.#clock.now() - UNUSED_MS;
  }

  async #read(key: string): Promise<StateFile | undefined> {
    const text = await ifThere(readFile(this.#stateFile(key), 'utf8'));
    return text === undefined ? undefined : stateSchema.parse(JSON.parse(text));
  }

  #stateFile(key: string): string {
    return join(this.#root, key, 'state.json');
  }

  async #removeUnused(key: string): Promise<void> {
    const folder = join(this.#root, key);
    if ((await usersOf(folder))?.length) return;
    await removeUsed(this.#root, folder);
  }
}

/** The files in the folder of a state, also before it is published. */
export function filesOf(folder: string): Pick<SavedState, 'folder' | 'memory' | 'disk'> {
  return { folder, memory: join(folder, 'memory'), disk: join(folder, 'disk.qcow2') };
}
