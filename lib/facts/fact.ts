/** One read-only question to a machine: a shell command that changes nothing, and how to read its answer. */
export interface Fact<T> {
  /** The same text always: what varies is the argument. */
  readonly command: string;
  /** What the command finds as `"$1"`. */
  readonly argument?: string;
  readonly parse: (output: string) => T;
}
