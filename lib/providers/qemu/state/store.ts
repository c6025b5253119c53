import { createHash } from 'node:crypto';
import { mkdir, readFile, readdir, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { ifThere } from '../../../util/files.ts';
import { removeInside } from '../../../util/remove.ts';
import { publish } from '../build.ts';
import type { Layout } from '../layout.ts';

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

const stateSchema = z.object({ macs: z.object({ uplink: z.string(), segment: z.string() }) });

const userSchema = z.object({ record: z.string() });

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
  async publish(work: string, key: string, macs: SavedState['macs']): Promise<void> {
    await mkdir(this.#root, { recursive: true, mode: 0o700 });
    await writeFile(join(work, 'state.json'), `${JSON.stringify({ macs })}\n`, { mode: 0o600 });
    await publish(work, join(this.#root, key));
  }

  /** Notes that a machine's disk is a layer on this state's. */
  async addUser(state: SavedState, layout: Layout, node: string): Promise<void> {
    const record = layout.record(node);
    const folder = join(state.folder, 'users');
    await mkdir(folder, { recursive: true, mode: 0o700 });
    const name = createHash('sha256').update(record).digest('hex').slice(0, 20);
    await writeFile(join(folder, `${name}.json`), `${JSON.stringify({ record })}\n`, { mode: 0o600 });
  }

  /** Removes the memory of a state that doesn't load; its disk stays while machines use it. */
  async discard(state: SavedState): Promise<void> {
    await removeInside(this.#root, join(state.folder, 'state.json'));
    await removeInside(this.#root, state.memory);
    await this.#removeUnused(state.key);
  }

  /** Removes every other state that no machine uses. */
  async prune(current: string): Promise<void> {
    for (const key of (await ifThere(readdir(this.#root))) ?? []) if (key !== current) await this.#removeUnused(key);
  }

  async #removeUnused(key: string): Promise<void> {
    const folder = join(this.#root, key);
    const users = join(folder, 'users');
    for (const name of (await ifThere(readdir(users))) ?? []) {
      const { record } = userSchema.parse(JSON.parse(await readFile(join(users, name), 'utf8')));
      if (await isBackedBy(record, folder)) return;
    }
    await removeInside(this.#root, folder);
  }
}

/** Whether a machine still exists and its record names a disk in this folder. */
async function isBackedBy(record: string, folder: string): Promise<boolean> {
  const text = await ifThere(readFile(record, 'utf8'));
  return text !== undefined && text.includes(JSON.stringify(folder).slice(1, -1));
}

/** What a file is known by without reading all of it. */
export async function fileStamp(path: string): Promise<string> {
  const { size, mtimeMs } = await stat(path);
  return `${path} ${size} ${mtimeMs}`;
}
