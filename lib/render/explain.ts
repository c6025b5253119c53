import pc from 'picocolors';
import type { KnownFailure } from '../explain/catalogue.ts';
import type { Explanation } from '../explain/index.ts';
import type { ErrorCode } from '../util/errors.ts';

/**
 * An explanation for a terminal.
 *
 * @param known the known failures that lead to the code
 */
export function explanationText(
  code: ErrorCode,
  { meaning, causes, look, fix, example }: Explanation,
  known: readonly KnownFailure[] = [],
): string {
  const section = (title: string, lines: readonly string[]) => [
    pc.cyan(title),
    ...lines.map((line) => `  ${plain(line)}`),
  ];
  return `${[
    pc.bold(code),
    plain(meaning),
    '',
    ...section(
      'How it comes about',
      causes.map((cause) => `- ${cause}`),
    ),
    '',
    ...section('How to see it', [look]),
    '',
    ...section('How to fix it', [fix]),
    '',
    pc.cyan('How it looks'),
    ...example.split('\n').map((line) => pc.dim(`  ${line}`)),
    ...(known.length > 0 ? ['', ...section('Known failures that lead to it', known.map(knownLine))] : []),
  ].join('\n')}\n`;
}

/** "44  Only nodes with a replica answer: 4789/udp is blocked between nodes. (moby#41775)" */
function knownLine({ number, failure, reference }: KnownFailure): string {
  return `${String(number).padStart(2)}  ${failure}${reference === undefined ? '' : ` (${reference})`}`;
}

/** Markdown's code without its marks, in the colour of code where there are colours. */
function plain(text: string): string {
  return text.replace(/`([^`]+)`/g, (_marked, code: string) => (pc.isColorSupported ? pc.yellow(code) : `'${code}'`));
}
