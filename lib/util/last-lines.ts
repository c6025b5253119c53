export interface LastLinesOptions {
  /** How many lines at most; default: 20. */
  readonly most?: number;
  /** Characters of all lines together; default: 4,000. */
  readonly longest?: number;
}

/** Stands for what is left out. */
const MORE = ' [...]';

/**
 * The last lines that fit, as one text. Words stay whole: half of a secret couldn't be recognised as one. Of a line that is too long by
 * itself, the beginning is kept.
 */
export function lastLines(lines: readonly string[], { most = 20, longest = 4_000 }: LastLinesOptions = {}): string {
  const kept: string[] = [];
  let left = longest;
  const full = lines.join('\n').trimEnd().split('\n');
  for (const line of full.slice(-most).toReversed()) {
    if (line.length > left) {
      if (kept.length === 0) kept.push(beginning(line, left));
      break;
    }
    kept.push(line);
    left -= line.length + 1;
  }
  return kept.toReversed().join('\n');
}

function beginning(line: string, longest: number): string {
  const blank = line.slice(0, longest + 1 - MORE.length).search(/\s\S*$/);
  return `${line.slice(0, Math.max(0, blank))}${MORE}`;
}
