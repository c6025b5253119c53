import pc from 'picocolors';
import type { Explanation } from '../explain/index.ts';
import type { ErrorCode } from '../util/errors.ts';

/** An explanation for a terminal. */
export function explanationText(code: ErrorCode, { meaning, causes, look, fix, example }: Explanation): string {
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
  ].join('\n')}\n`;
}

/** Markdown's code without its marks, in the colour of code where there are colours. */
function plain(text: string): string {
  return text.replace(/`([^`]+)`/g, (_marked, code: string) => (pc.isColorSupported ? pc.yellow(code) : `'${code}'`));
}
