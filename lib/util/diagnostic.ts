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
  /** Its value may be a secret, so that of the line only the key is shown. */
  readonly keyOnly?: boolean;
  /** The file isn't YAML here: a key may be in pieces, or have no colon. */
  readonly isSyntax?: boolean;
  /** The line's text, when it isn't in the cluster file. */
  readonly source?: string;
}
