/** A line that an env file can't have. Lines count from 1. */
interface EnvProblem {
  readonly line: number;
  readonly source: string;
  readonly message: string;
}

export interface EnvFile {
  readonly variables: readonly (readonly [name: string, value: string])[];
  readonly problems: readonly EnvProblem[];
}

/**
 * Reads an env file as Docker does: `NAME=VALUE` a line, `#` at the start for comments, and nothing else: quotes and
 * spaces belong to the value. Source: docker/cli, pkg/kvfile.
 *
 * @param lookUp the value of a name that stands alone; undefined leaves it out
 */
export function readEnvFile(data: Buffer, lookUp: (name: string) => string | undefined): EnvFile {
  const variables: [string, string][] = [];
  const problems: EnvProblem[] = [];
  const text = data.toString('utf8').replace(/^\uFEFF/, '');
  text.split(/\r?\n/).forEach((source, i) => {
    const wrong = (message: string) => problems.push({ line: i + 1, source, message });
    const line = source.trimStart();
    if (line === '' || line.startsWith('#')) return;
    const at = line.indexOf('=');
    const name = at < 0 ? line : line.slice(0, at);
    const value = at < 0 ? lookUp(name) : line.slice(at + 1);
    // A replacement character stands for bytes that aren't UTF-8.
    if (line.includes('\uFFFD')) wrong('the line is not UTF-8');
    else if (name === '') wrong('there is no name before the equals sign');
    else if (/[ \t]/.test(name)) wrong(`the name '${name}' has a space`);
    else if (value !== undefined) variables.push([name, value]);
  });
  return { variables, problems };
}
