/** One read-only question to a machine: a shell command that changes nothing, and how to read its answer. */
export interface Fact<T> {
  /** A constant text: what varies is passed as the argument. */
  readonly command: string;
  /** The command's `"$1"`. */
  readonly argument?: string;
  readonly parse: (output: string) => T;
}
