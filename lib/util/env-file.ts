export interface EnvLine {
  readonly name: string;
  /** Undefined for a name that stands alone, whose value Docker takes from the environment. */
  readonly value: string | undefined;
}

/** A line that an env file can't have. Lines count from 1. */
export interface EnvProblem {
  readonly line: number;
  readonly source: string;
  readonly message: string;
}

export interface EnvFile {
  readonly lines: readonly EnvLine[];
  readonly problems: readonly EnvProblem[];
}

/** The longest line, in bytes, that Docker reads. Source: bufio.MaxScanTokenSize. */
const LONGEST_LINE = 64 * 1024 - 1;

/**
 * Reads an env file as Docker does: `NAME=VALUE` a line, `#` at the start for comments, and nothing else: quotes and
 * spaces belong to the value. Source: docker/cli, pkg/kvfile.
 *
 * @param data its bytes, which have to be UTF-8, or its text
 */
export function readEnvFile(data: Buffer | string): EnvFile {
  const lines: EnvLine[] = [];
  const problems: EnvProblem[] = [];
  const all = data
    .toString()
    .replace(/^\uFEFF/, '')
    .split('\n');
  for (const [i, whole] of all.entries()) {
    const source = whole.replace(/\r$/, '');
    const line = source.replace(/^[\s\u0085]+/, '');
    const isTooLong = Buffer.byteLength(whole) > LONGEST_LINE;
    if (!isTooLong && (line === '' || line.startsWith('#'))) continue;
    const at = line.indexOf('=');
    const name = at < 0 ? line : line.slice(0, at);
    const message = isTooLong ? 'the line has more than 64 KiB' : problemOf(line, name, typeof data !== 'string');
    if (message === undefined) lines.push({ name, value: at < 0 ? undefined : line.slice(at + 1) });
    else problems.push({ line: i + 1, source, message });
  }
  return { lines, problems };
}

function problemOf(line: string, name: string, decoded: boolean): string | undefined {
  // A replacement character stands for bytes that aren't UTF-8.
  if (decoded && line.includes('\uFFFD')) return 'the line is not UTF-8';
  if (name === '') return 'there is no name before the equals sign';
  return /[ \t]/.test(name) ? `the name '${name.slice(0, 40)}' has a space` : undefined;
}
