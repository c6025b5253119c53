import { randomBytes } from 'node:crypto';
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { exists, ifThere, removeIfEmpty } from './files.ts';
import { Secret } from './secret.ts';

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
    await rm(this.file(...parts), { force: true });
  }

  exists(): Promise<boolean> {
    return exists(this.path);
  }

  /** Removes the folder, and its parent `.swarmup` when no other cluster's is left in it. */
  async remove(): Promise<void> {
    await rm(this.path, { recursive: true, force: true });
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
