import { mkdir, readFile, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
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
  macs: z.object({ uplink: z.string(), segment: z.string() }),
});

type StateFile = z.output<typeof stateSchema>;

/** The saved states of this user, shared by all clusters. */
export class StateStore {
  readonly #root: string;

  constructor(cache: string) {
    this.#root = join(cache, 'states');
  }

  async find(key: string): Promise<SavedState | undefined> {
    const folder = join(this.#root, key);
    const text = await ifThere(readFile(join(folder, 'state.json'), 'utf8'));
    if (text === undefined) return undefined;
    const { macs } = stateSchema.parse(JSON.parse(text));
    return { key, folder, memory: join(folder, 'memory'), disk: join(folder, 'disk.qcow2'), macs };
  }

  /** Gives a finished folder its name. Where another run was faster, its state is as good. */
  async publish(work: string, key: string, file: StateFile): Promise<void> {
    await mkdir(this.#root, { recursive: true, mode: 0o700 });
    await writeFile(join(work, 'state.json'), `${JSON.stringify(file)}\n`, { mode: 0o600 });
    const folder = join(this.#root, key);
    await trackUsers(folder);
    await publish(work, folder);
    await addUser(file.image, join(folder, 'state.json'));
  }

  /** Removes the memory of a state that doesn't load; its disk stays while machines use it. */
  async discard(state: SavedState): Promise<void> {
    await removeInside(this.#root, join(state.folder, 'state.json'));
    await removeInside(this.#root, state.memory);
    await this.#removeUnused(state.key);
  }

  /** Removes every other state that no machine uses. */
  async prune(current: string): Promise<void> {
    const keys = ((await ifThere(readdir(this.#root))) ?? []).filter((name) => !isUsers(name) && name !== current);
    for (const key of keys) await this.#removeUnused(key);
  }

  async #removeUnused(key: string): Promise<void> {
    const folder = join(this.#root, key);
    if ((await usersOf(folder))?.length) return;
    await removeUsed(this.#root, folder);
  }
}
