import { randomBytes } from 'node:crypto';
import { lstat, mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { exists, ifThere } from './files.ts';
import { joinInside } from './inside.ts';
import { removeIfEmpty, removeInside } from './remove.ts';
import { Secret } from './secret.ts';
import { SwarmupError } from './errors.ts';

/**
 * Refuses swarmup's folders if they are symbolic links: a checked-out or unpacked folder may contain links, through
 * which swarmup would write and remove foreign files.
 * @param root the folder of all clusters; undefined when the user named it, who may name a link
 * @throws SwarmupError PATH_UNSAFE
 */
export async function refuseLinks(root: string | undefined, stateDir: string): Promise<void> {
  for (const path of [...(root === undefined ? [] : [root]), stateDir]) {
    const found = await ifThere(lstat(path));
    if (found?.isSymbolicLink()) throw isLink(path, root);
  }
  // The folders were found to be no links, and readdir(3) follows none below them.
  const inside = (await ifThere(readdir(stateDir, { recursive: true, withFileTypes: true }))) ?? [];
  const link = inside.find((entry) => entry.isSymbolicLink());
  if (link) throw isLink(join(link.parentPath, link.name), root);
}

function isLink(path: string, root: string | undefined): SwarmupError {
  return new SwarmupError('PATH_UNSAFE', `${path} is a symbolic link, and swarmup writes and removes files there`, {
    fix:
      path === root
        ? `If you made the link, set SWARMUP_STATE_DIR=${path} in the environment. Otherwise remove it.`
        : `Remove the link, or replace it by what it leads to; SWARMUP_STATE_DIR sets another place for all clusters.`,
  });
}

/**
 * The state folder of a cluster, `.swarmup/<cluster>/`, readable only by its owner. Losing it may cost access, never
 * correctness.
 */
export class StateFolder {
  readonly path: string;
  readonly #onSecret: (secret: Secret) => void;

  /** @param onSecret called with every secret that is read or generated here, so that no record contains it */
  constructor(path: string, onSecret: (secret: Secret) => void = () => undefined) {
    this.path = path;
    this.#onSecret = onSecret;
  }

  /** A path inside the folder. @throws SwarmupError PATH_UNSAFE for one that would lead out of it */
  file(...parts: string[]): string {
    return joinInside(this.path, ...parts);
  }

  async read(...parts: string[]): Promise<string | undefined> {
    return ifThere(readFile(this.file(...parts), 'utf8'));
  }

  /** Writes a file with mode 0600. */
  async write(text: string, ...parts: string[]): Promise<void> {
    const path = this.file(...parts);
    await mkdir(dirname(path), { recursive: true, mode: 0o700 });
    await writeFile(path, text, { mode: 0o600 });
  }

  /** Removes a file, if it exists. */
  async forget(...parts: string[]): Promise<void> {
    await removeInside(dirname(this.path), this.file(...parts));
  }

  exists(): Promise<boolean> {
    return exists(this.path);
  }

  /** Removes the folder, and its parent `.swarmup` if no other cluster is left in it. */
  async remove(): Promise<void> {
    await removeInside(dirname(this.path), this.path);
    await removeIfEmpty(dirname(this.path));
  }

  /** A password that is generated once and stored here. */
  async password(name: string): Promise<Secret> {
    const kept = (await this.read(name))?.trim();
    const secret = new Secret(kept || randomBytes(18).toString('base64url'));
    if (!kept) await this.write(`${secret.reveal()}\n`, name);
    this.#onSecret(secret);
    return secret;
  }
}
