import { randomUUID } from 'node:crypto';
import { mkdir, readdir, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { isName } from '../../../config/names.ts';
import { SwarmupError } from '../../../util/errors.ts';
import { exists, ifThere } from '../../../util/files.ts';
import { parseAs } from '../../../util/parse-json.ts';
import { adviceFor } from '../../../util/nearest-name.ts';
import { removeInside } from '../../../util/remove.ts';
import type { Layout } from '../layout.ts';
import { manifestSchema, type Manifest } from './manifest.ts';

const MANIFEST = 'manifest.json';
const REPLACED = '.replaced-';
const DISCARDED = '.discarded-';

/** A snapshot on disk. */
export interface StoredSnapshot {
  readonly name: string;
  readonly folder: string;
  /** Undefined when it is damaged, or of another version of swarmup. */
  readonly manifest: Manifest | undefined;
}

/** The files of a machine in a folder of machines. */
export function savedFiles(folder: string, node: string) {
  const dir = join(folder, node);
  return {
    dir,
    memory: join(dir, 'memory'),
    disk: join(dir, 'disk.qcow2'),
    seed: join(dir, 'seed'),
    record: join(dir, 'machine.json'),
  } as const;
}

/**
 * The snapshots of a cluster. A finished one gets its name by renaming, and one that is removed loses its name first, so that a
 * kill at any moment leaves whole snapshots only.
 */
export class SnapshotStore {
  readonly #root: string;
  readonly #bound: string;
  /** What is being saved. While it exists, machines may be paused. */
  readonly saving: string;
  /** What is being restored, and what it replaces. */
  readonly restoring: string;

  constructor(layout: Pick<Layout, 'snapshots' | 'root'>) {
    this.#root = layout.snapshots;
    this.#bound = layout.root;
    this.saving = join(this.#root, '.saving');
    this.restoring = join(this.#root, '.restoring');
  }

  async all(): Promise<readonly StoredSnapshot[]> {
    const names = ((await ifThere(readdir(this.#root))) ?? []).filter(isName);
    return Promise.all(names.map((name) => this.#read(name)));
  }

  /** @throws SwarmupError UNKNOWN_NAME when there is none with this name */
  async find(name: string): Promise<StoredSnapshot> {
    const all = await this.all();
    const found = all.find((one) => one.name === name);
    if (found) return found;
    const names = all.map((one) => one.name);
    throw new SwarmupError('UNKNOWN_NAME', `there is no snapshot '${name}'`, {
      fix: names.length > 0 ? adviceFor(name, names) : "Take one: 'swarmup snapshot save'.",
    });
  }

  folder(name: string): string {
    if (isName(name)) return join(this.#root, name);
    throw new SwarmupError('USAGE', `'${name}' can't be the name of a snapshot`, {
      fix: 'Use lower-case letters, digits and hyphens, at most 63, such as before-upgrade.',
    });
  }

  async exists(): Promise<boolean> {
    return exists(this.#root);
  }

  /** An empty folder for a snapshot. */
  async begin(folder: string): Promise<void> {
    await mkdir(this.#root, { recursive: true, mode: 0o700 });
    await mkdir(folder, { mode: 0o700 });
  }

  /** Gives what was saved its name. A snapshot that has the name is replaced. */
  async publish(name: string, manifest: Manifest): Promise<void> {
    const text = `${JSON.stringify(manifest, null, 2)}\n`;
    await writeFile(join(this.saving, MANIFEST), text, { mode: 0o600 });
    const folder = this.folder(name);
    const former = join(this.#root, `${REPLACED}${name}`);
    const replaces = await exists(folder);
    if (replaces) await rename(folder, former);
    await rename(this.saving, folder);
    if (replaces) await this.discard(former);
  }

  /** Removes a folder of the store, which first loses its name: whatever has a name is whole. */
  async discard(path: string): Promise<void> {
    const unnamed = join(this.#root, `${DISCARDED}${randomUUID()}`);
    if ((await ifThere(rename(path, unnamed).then(() => true))) === undefined) return;
    await removeInside(this.#bound, unnamed);
  }

  /** Completes what a kill has cut off between renaming and removing. */
  async tidy(): Promise<void> {
    for (const entry of (await ifThere(readdir(this.#root))) ?? []) {
      const path = join(this.#root, entry);
      if (entry.startsWith(DISCARDED)) await removeInside(this.#bound, path);
      if (!entry.startsWith(REPLACED)) continue;
      const folder = this.folder(entry.slice(REPLACED.length));
      if (await exists(folder)) await this.discard(path);
      else await rename(path, folder);
    }
  }

  async #read(name: string): Promise<StoredSnapshot> {
    const folder = this.folder(name);
    const text = await ifThere(readFile(join(folder, MANIFEST), 'utf8'));
    return { name, folder, manifest: text === undefined ? undefined : parseAs(manifestSchema, text) };
  }
}
