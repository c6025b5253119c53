import { asSwarmupError } from '../util/errors.ts';
import type { Missing } from '../contracts/diagnosis.ts';

/** What a file will be made from. Nothing of it is written before it has passed the gate (gate.ts). */
export interface Part {
  readonly name: string;
  readonly from: string;
  /** A text, or data that becomes JSON. */
  readonly content: unknown;
}

/** Collects what goes into a diagnosis, and what is missing. */
export class Parts {
  readonly #parts = new Map<string, Part>();
  readonly #missing: Missing[] = [];

  /**
   * @param path the names of folders and the file, which may come from outside: each becomes a plain file name
   * @param from where the content comes from, as listed
   */
  add(path: readonly string[], from: string, content: unknown): void {
    const name = this.#free(path.map(plainName).join('/'));
    this.#parts.set(name.toLowerCase(), { name, from, content });
  }

  /** @param why an error, or a sentence */
  miss(what: string, why: unknown): void {
    this.#missing.push({ what, why: typeof why === 'string' ? why : asSwarmupError(why).message });
  }

  get all(): readonly Part[] {
    return [...this.#parts.values()];
  }

  get missing(): readonly Missing[] {
    return this.#missing;
  }

  /** File systems of helpers may ignore case, so names that differ only in case are numbered too. */
  #free(name: string): string {
    const [, stem = name, end = ''] = /^(.*?)(\.[a-z]+)$/.exec(name) ?? [];
    for (let i = 1; ; i++) {
      const candidate = i === 1 ? name : `${stem}-${i}${end}`;
      if (!this.#parts.has(candidate.toLowerCase())) return candidate;
    }
  }
}

/** A name without anything that leads elsewhere or that a file system refuses. */
function plainName(name: string): string {
  return (
    name
      .replace(/[^\w.-]/g, '_')
      .replace(/^[.-]+/, '_')
      .slice(0, 100) || '_'
  );
}
