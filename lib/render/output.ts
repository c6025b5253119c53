/** Results go to standard output; this is the one place that writes there besides the views. */
export function print(text: string): void {
  process.stdout.write(text);
}

/** One JSON document, with a line break at its end. */
export function printJson(value: unknown): void {
  print(`${JSON.stringify(value, null, 2)}\n`);
}

/** Lines of one of several hosts, with its name before each. */
export function openPrefixed(prefix: string): (line: string) => void {
  return (line) => print(`${prefix}  ${line}\n`);
}

/** What goes beside the results, to standard error. */
export function writeStderr(text: string): void {
  process.stderr.write(text);
}
