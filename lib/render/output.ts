import { harmless, jsonText, programLine } from './guard.ts';

/** Prints a result to standard output; besides the views, only this writes there. */
export function print(text: string): void {
  process.stdout.write(harmless(text));
}

/** One JSON document, with a line break at its end. */
export function printJson(value: unknown): void {
  process.stdout.write(jsonText(value));
}

/** Prints lines of a program on one of several hosts, each prefixed with the host's name. */
export function openPrefixed(prefix: string): (line: string) => void {
  return (line) => void process.stdout.write(`${harmless(prefix)}  ${programLine(line)}\n`);
}

/** Prints to standard error what isn't a result. */
export function writeStderr(text: string): void {
  process.stderr.write(harmless(text));
}
