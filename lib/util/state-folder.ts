import { randomBytes } from 'node:crypto';
import { lstat, mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { exists, ifThere } from './files.ts';
import { removeIfEmpty, removeInside } from './remove.ts';
import { Secret } from './secret.ts';
import { SwarmupError } from './errors.ts';

/**
 * Refuses folders of ours that are symbolic links: a folder that was checked out or unpacked can bring such, and what swarmup writes
 * and removes would then be somebody else's.
 *
 * @param root the folder of all clusters; undefined when the user named it, who may well name a link
 * @throws SwarmupError PATH_UNSAFE
 */
export async function refuseLinks(root: string | undefined, stateDir: string): Promise<void> {
  const inside = ((await ifThere(readdir(stateDir))) ?? []).map((name) => join(stateDir, name));
  for (const path of [...(root === undefined ? [] : [root]), stateDir, ...inside]) {
    const found = await ifThere(lstat(path));
    if (found?.isSymbolicLink())
      throw new SwarmupError('PATH_UNSAFE', `${path} is a symbolic link, and swarmup keeps, and removes, files in it`, {
        fix:
          path === root
            ? `If the link is yours, say so in the environment: SWARMUP_STATE_DIR=${path}. Otherwise remove it.`
            : `Remove the link, or put the folder itself there; SWARMUP_STATE_DIR names another place for all of them.`,
      });
  }
}

/** The local folder of a cluster, `.swarmup/<cluster>/`, readable by its owner only. Losing it may cost access, never correctness. */
export class StateFolder {
  readonly path: string;
  readonly #onSecret: (secret: Secret) => void;

  /** @param onSecret told every secret that is read or made here, so that no record shows it */
  constructor(path: string, onSecret: (secret: Secret) => void = () => undefined) {
    this.path = path;
    this.#onSecret = onSecret;
  }

  /** A path inside the folder. */
  file(...parts: string[]): string {
    return join(this.path, ...parts);
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

  /** Removes a file, if it is there. */
  async forget(...parts: string[]): Promise<void> {
    await removeInside(dirname(this.path), this.file(...parts));
  }

  exists(): Promise<boolean> {
    return exists(this.path);
  }

  /** Removes the folder, and its parent `.swarmup` when no other cluster's is left in it. */
  async remove(): Promise<void> {
    await removeInside(dirname(this.path), this.path);
    await removeIfEmpty(dirname(this.path));
  }

  /** A password that was generated once and is kept here. */
  async password(name: string): Promise<Secret> {
    const kept = (await this.read(name))?.trim();
    const secret = new Secret(kept || randomBytes(18).toString('base64url'));
    if (!kept) await this.write(`${secret.reveal()}\n`, name);
    this.#onSecret(secret);
    return secret;
  }
}
