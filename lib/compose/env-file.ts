export interface EnvLine {
  readonly name: string;
  /** Undefined for a name without a value. */
  readonly value: string | undefined;
}

export interface EnvProblem {
  readonly line: number;
  readonly message: string;
}

/** The longest line, in bytes, that Docker reads. Source: bufio.MaxScanTokenSize. */
const LONGEST_LINE = 64 * 1024 - 1;

/**
 * Reads a file of variables as Docker does: `NAME=VALUE` on every line, nothing is quoted, escaped or replaced, and lines
 * that begin with # are comments. Source: docker/cli, pkg/kvfile.
 */
export function readEnvFile(text: string): { readonly lines: readonly EnvLine[]; readonly problem?: EnvProblem } {
  const lines: EnvLine[] = [];
  const all = text.replace(/^\uFEFF/, '').split('\n');
  for (const [i, whole] of all.entries()) {
    const failed = (message: string) => ({ lines, problem: { line: i + 1, message } });
    if (Buffer.byteLength(whole) > LONGEST_LINE) return failed('the line has more than 64 KiB');
    const line = whole.replace(/\r$/, '').replace(/^[\s\u0085]+/, '');
    if (line === '' || line.startsWith('#')) continue;
    const at = line.indexOf('=');
    const name = at === -1 ? line : line.slice(0, at);
    if (name === '') return failed('the line has no name before its equals sign');
    if (/[ \t]/.test(name)) return failed(`the name '${name.slice(0, 40)}' has a space in it`);
    lines.push({ name, value: at === -1 ? undefined : line.slice(at + 1) });
  }
  return { lines };
}
