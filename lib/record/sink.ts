import { closeSync, existsSync, lstatSync, mkdirSync, openSync, writeSync } from 'node:fs';
import { dirname } from 'node:path';
import { SwarmupError } from '../util/errors.ts';
import { joinInside } from '../util/inside.ts';

/**
 * Appends to the files of a folder: buffered in memory until `release`, and then written immediately, so that nothing
 * is lost when the process is killed.
 */
export class Sink {
  readonly folder: string;
  readonly #files = new Map<string, number>();
  #held: { readonly file: string; readonly text: string }[] | undefined = [];

  constructor(folder: string) {
    this.folder = folder;
  }

  /** @param file a path inside the folder */
  append(file: string, text: string): void {
    if (this.#held) {
      this.#held.push({ file, text });
      return;
    }
    let descriptor = this.#files.get(file);
    if (descriptor === undefined) {
      const path = joinInside(this.folder, file);
      mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
      if (this.#files.size === 0) this.#refuseLink();
      descriptor = openSync(path, 'a', 0o600);
      this.#files.set(file, descriptor);
    }
    writeSync(descriptor, text);
  }

  /** The folder was named by its time: a link there, or in place of the folder of all records, leads elsewhere. */
  #refuseLink(): void {
    const link = [dirname(this.folder), this.folder].find((path) => lstatSync(path).isSymbolicLink());
    if (link === undefined) return;
    throw new SwarmupError('PATH_UNSAFE', `${link} is a symbolic link, and records are written below it`, {
      fix: 'Remove the link, then run again.',
    });
  }

  /** Writes the buffer, and writes immediately from now on. */
  release(): void {
    const held = this.#held ?? [];
    this.#held = undefined;
    for (const { file, text } of held) this.append(file, text);
  }

  /** Whether anything has been written; `down` may have removed the folder meanwhile. */
  get written(): boolean {
    return this.#held === undefined && existsSync(this.folder);
  }

  close(): void {
    for (const descriptor of this.#files.values()) closeSync(descriptor);
    this.#files.clear();
  }
}
