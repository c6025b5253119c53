import type { Diagnostic } from './diagnostics.ts';
import type { Path } from './locate.ts';

/** Collects the mistakes of a cluster file, each at its place. */
export interface Reporter {
  wrong(place: Path, message: string, hint?: string): void;
  /** Mistakes of a file that the cluster file names. */
  add(mistakes: readonly Diagnostic[]): void;
  /** The environment that the cluster file was read in. */
  readonly env: Readonly<Record<string, string | undefined>>;
  /** The absolute path of a file that the cluster file names; a missing one is reported. */
  file(path: string, place: Path): string;
}
