import type { Wrong } from './validate.ts';
import type { Path } from './yaml/read.ts';

/** A file that a Compose file names, and that is read where Docker's client runs. */
export interface Reference {
  readonly kind: 'env_file' | 'secret' | 'config';
  /** Its absolute path. */
  readonly path: string;
  /** The path as the Compose file writes it. */
  readonly written: string;
  /** Where it is written. */
  readonly place: Path;
}

/** What the conversion of one Compose file needs besides its contents. */
export interface Scope {
  /** The absolute folder that relative paths begin at: that of the first file. */
  readonly folder: string;
  /** The user's home, for `~`. */
  readonly home: string | undefined;
  readonly lookup: (name: string) => string | undefined;
  /** Tells that a variable's value may matter. */
  readonly referTo: (name: string) => void;
  readonly referToFile: (reference: Reference) => void;
  /** The text of a file; undefined when it can't be read. */
  readonly readFile: (path: string) => Buffer | string | undefined;
  readonly wrong: Wrong;
}
