import { mkdir, readdir, readFile, rename, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { z } from 'zod';
import type { Cluster, HostSpec } from '../../config/model.ts';
import { omitUndefined } from '../../util/omit-undefined.ts';
import { ifThere } from '../../util/files.ts';
import { parseAs } from '../../util/parse-json.ts';
import { isName } from '../../config/names.ts';
import { removeIfEmpty, removeInside } from '../../util/remove.ts';

const schema = z.object({
  address: z.string(),
  port: z.number().optional(),
  user: z.string().optional(),
  identityFile: z.string().optional(),
  bastion: z.string().optional(),
  advertise: z.string().optional(),
});

/**
 * How the hosts of the last run were reached, so that hosts removed from the cluster file can still leave the swarm.
 */
export class HostRecords {
  /** The folder of all clusters: paths made from names must not lead out of it. */
  readonly #root: string;
  readonly #folder: string;

  constructor({ stateDir }: Pick<Cluster, 'stateDir'>) {
    this.#root = dirname(stateDir);
    this.#folder = join(stateDir, 'hosts');
  }

  async names(): Promise<string[]> {
    const files = (await ifThere(readdir(this.#folder))) ?? [];
    const names = files.filter((file) => file.endsWith('.json')).map((file) => file.slice(0, -'.json'.length));
    return names.filter(isName);
  }

  /** Undefined when there is no readable record: only access to the host is lost then. */
  async read(name: string): Promise<HostSpec | undefined> {
    const text = await ifThere(readFile(this.#path(name), 'utf8'));
    const host = text === undefined ? undefined : parseAs(schema, text);
    return host && omitUndefined(host);
  }

  /** Writes the record atomically. Passwords aren't stored. */
  async write(name: string, { sudoPassword: _left, ...host }: HostSpec): Promise<void> {
    await mkdir(this.#folder, { recursive: true, mode: 0o700 });
    const part = `${this.#path(name)}.part`;
    await writeFile(part, `${JSON.stringify(host, null, 2)}\n`, { mode: 0o600 });
    await rename(part, this.#path(name));
  }

  async forget(name: string): Promise<void> {
    await removeInside(this.#root, this.#path(name));
    await removeIfEmpty(this.#folder);
  }

  #path(name: string): string {
    return join(this.#folder, `${name}.json`);
  }
}
