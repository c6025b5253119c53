/** Prints a result to standard output; besides the views, only this writes there. */
export function print(text: string): void {
  process.stdout.write(text);
}

/** One JSON document, with a line break at its end. */
export function printJson(value: unknown): void {
  print(`${JSON.stringify(value, null, 2)}\n`);
}

/** Prints lines of one of several hosts, each prefixed with its name. */
export function openPrefixed(prefix: string): (line: string) => void {
  return (line) => print(`${prefix}  ${line}\n`);
}

/** Prints to standard error what isn't a result. */
export function writeStderr(text: string): void {
  process.stderr.write(text);
}
