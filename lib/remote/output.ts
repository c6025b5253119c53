/** What a command printed and how it ended. */
export interface Output {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Exit codes that are no failure; `any` where the code is the user's own command's. */
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
