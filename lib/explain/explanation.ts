/** What a code means, for `swarmup explain` and docs/errors.md. Texts are Markdown. */
export interface Explanation {
  /** What happened, in one or two sentences. */
  readonly meaning: string;
  /** How it comes about, the most frequent cause first. */
  readonly causes: readonly string[];
  /** How to see what is wrong: a command with what to look for. */
  readonly look: string;
  /** How to mend it. */
  readonly fix: string;
  /** The error as swarmup prints it. */
  readonly example: string;
}
