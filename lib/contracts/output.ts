/** What a command printed and how it ended. */
export interface Output {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Exit codes that aren't failures; `any` for the user's own commands. */
export type OkExit = readonly number[] | 'any';

export function isOk({ exitCode }: Output, okExit: OkExit = [0]): boolean {
  return okExit === 'any' || okExit.includes(exitCode);
}

/** The last lines a command printed, both streams, for an error message. */
export function lastLines(output: Output, count = 12): string {
  return `${output.stdout}\n${output.stderr}`
    .split('\n')
    .map((line) => line.trimEnd())
    .filter((line) => line !== '')
    .slice(-count)
    .join('\n');
}

/** The maximum length of a command's output in events, in characters. */
const PRINTED = 32_768;

/** What a command printed on both streams; only the last lines of a long output. */
export function printed({ stdout, stderr }: Output): string {
  const text = stderr === '' ? stdout : `${stdout}${stdout === '' || stdout.endsWith('\n') ? '' : '\n'}${stderr}`;
  if (text.length <= PRINTED) return text;
  // From the beginning of a line: a part of a secret would not be recognised as one.
  const end = text.slice(-PRINTED);
  return `[...]\n${end.includes('\n') ? end.slice(end.indexOf('\n') + 1) : ''}`;
}
