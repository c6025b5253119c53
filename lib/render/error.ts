import pc from 'picocolors';
import { stripVTControlCharacters } from 'node:util';
import { asSwarmupError, type SwarmupError } from '../util/errors.ts';
import type { PostMortem } from '../util/post-mortem.ts';
import type { ErrorJson, UnitResult } from '../contracts/events.ts';
import { maskSecrets } from '../util/secret-shapes.ts';
import { hangingLines, visibleLine, visibleLines } from '../util/visible.ts';
import { causesOf, othersText, placeOf } from './causes.ts';
import { harmless, jsonText } from './guard.ts';
import { explained, type Explained } from './hyperlink.ts';
import { maskedPostMortem, postMortemLines, rowsOf } from './post-mortem.ts';

/** The size of the smallest usual terminal. */
const ROWS = 24;
const COLUMNS = 80;
/** Beside a long message. */
const LEAST_ROWS = 8;

/**
 * An error as shown to the user: message, last lines of output, fix.
 *
 * @param where the unit that failed
 * @param also what else failed by the same cause
 * @param explain how the code's explanation is named
 */
export function errorText(thrown: SwarmupError, where = '', also?: string, explain: Explained = explained): string {
  const error = { ...errorJson(thrown), cause: thrown.cause };
  // The mistakes in a file begin their lines, where editors find them; a message with words of a host is indented.
  const message = error.code === 'CONFIG_INVALID' ? visibleLines(error.message) : hangingLines(error.message, '    ');
  const lines = [`${pc.red('✖')} ${where ? `${pc.bold(visibleLine(where))}: ` : ''}${message}`];
  const fix = linesOf(error.fix).map((line, i) => `  ${i === 0 ? pc.cyan('fix') : '   '}  ${line}`);
  if (also !== undefined) lines.push(`    ${visibleLine(also)}`);
  if (error.postMortem) lines.push(...screenOf(error.postMortem, error.message, [...lines, ...fix]));
  // Its end is part of what is known about the failure.
  else if (error.output) lines.push(...linesOf(error.output).map((line) => pc.dim(`    ${line}`)));
  if (error.code === 'INTERNAL' && error.cause instanceof Error)
    lines.push(...linesOf(maskSecrets(error.cause.stack ?? '')).map((line) => pc.dim(`    ${line}`)));
  lines.push(...fix);
  // A mistake in a command or a file is explained by its message.
  if (!usageCodes.has(error.code)) lines.push(pc.dim(`  see  ${explain(error.code)}`));
  return `${lines.join('\n')}\n`;
}

/** What fits on a screen together with the other lines, and the one that names the explanation. */
function screenOf(postMortem: PostMortem, said: string, around: readonly string[]): string[] {
  const rows = around
    .flatMap((line) => stripVTControlCharacters(line).split('\n'))
    .reduce((sum, line) => sum + rowsOf(line, COLUMNS), 1);
  const lines = postMortemLines(postMortem, { rows: Math.max(LEAST_ROWS, ROWS - rows), columns: COLUMNS, said });
  return lines.map((line) => (line.includes(' │ ') ? pc.dim(line) : line));
}

function linesOf(text: string): string[] {
  return visibleLines(text).split('\n');
}

export function errorJson(error: SwarmupError): ErrorJson {
  const { code, message, fix, output, postMortem } = error;
  return {
    code,
    message: maskSecrets(message),
    fix: maskSecrets(fix),
    ...(output === undefined ? {} : { output: maskSecrets(output) }),
    ...(postMortem === undefined ? {} : { postMortem: maskedPostMortem(postMortem) }),
  };
}

/**
 * The failures of a run, one per cause, each with its output and fix. Interrupted units are listed together at the end.
 */
export function failures(results: readonly UnitResult[], explain?: Explained): string {
  return causesOf(results)
    .map((cause) => errorText(cause.error, placeOf(cause), othersText(cause), explain))
    .join('\n');
}

/** Reports an error that ended the program. @returns the exit status: 2 for usage and configuration, 4 for a cluster that another run holds, 130 when interrupted, else 1 */
export function reportError(
  thrown: unknown,
  stderr: NodeJS.WritableStream,
  json: NodeJS.WritableStream | undefined,
  explain?: Explained,
): number {
  const error = asSwarmupError(thrown);
  stderr.write(harmless(errorText(error, '', undefined, explain)));
  json?.write(jsonText({ ok: false, error: errorJson(error) }));
  if (error.code === 'INTERRUPTED') return 130;
  if (error.code === 'LOCKED') return 4;
  return usageCodes.has(error.code) ? 2 : 1;
}

const usageCodes: ReadonlySet<string> = new Set([
  'USAGE',
  'CONFIG_INVALID',
  'CONFIG_NOT_FOUND',
  'NEEDS_CONFIRMATION',
  'PROTECTED',
  'UNKNOWN_NAME',
  'TASKFILE_INVALID',
  'TASKS_INVALID',
  'RECORD_INVALID',
  'PATH_UNSAFE',
]);
