/** One mistake in a cluster file, or in a file that it names. Lines and columns count from 1. */
export interface Diagnostic {
  readonly file: string;
  readonly line: number;
  readonly column: number;
  /** How many characters of the line to underline. */
  readonly length: number;
  readonly message: string;
  /** What was expected, or the nearest valid key. */
  readonly hint?: string;
  /** The line's text, when it isn't in the cluster file. */
  readonly source?: string;
}
