import pc from 'picocolors';
import { asSwarmupError, type SwarmupError } from '../util/errors.ts';
import type { ErrorJson, UnitResult } from '../contracts/events.ts';
import { maskSecrets } from '../util/secret-shapes.ts';
import { hangingLines, visibleLine, visibleLines } from '../util/visible.ts';
import { harmless, jsonText } from './guard.ts';

/** An error as shown to the user: message, last lines of output, fix. */
export function errorText(thrown: SwarmupError, where = ''): string {
  const error = { ...errorJson(thrown), cause: thrown.cause };
  // The mistakes in a file begin their lines, where editors find them; a message with words of a host is indented.
  const message = error.code === 'CONFIG_INVALID' ? visibleLines(error.message) : hangingLines(error.message, '    ');
  const lines = [`${pc.red('✖')} ${where ? `${pc.bold(visibleLine(where))}: ` : ''}${message}`];
  if (error.output) lines.push(...linesOf(error.output).map((line) => pc.dim(`    ${line}`)));
  if (error.code === 'INTERNAL' && error.cause instanceof Error)
    lines.push(...linesOf(maskSecrets(error.cause.stack ?? '')).map((line) => pc.dim(`    ${line}`)));
  lines.push(...linesOf(error.fix).map((line, i) => `  ${i === 0 ? pc.cyan('fix') : '   '}  ${line}`));
  // A mistake in a command or a file is explained by its message.
  if (!usageCodes.has(error.code)) lines.push(pc.dim(`  see  swarmup explain ${error.code}`));
  return `${lines.join('\n')}\n`;
}

function linesOf(text: string): string[] {
  return visibleLines(text).split('\n');
}

export function errorJson(error: SwarmupError): ErrorJson {
  const { code, message, fix, output } = error;
  const shown = { code, message: maskSecrets(message), fix: maskSecrets(fix) };
  return output === undefined ? shown : { ...shown, output: maskSecrets(output) };
}

/** The failed units of a run, each with its output and fix. Interrupted units are listed together at the end. */
export function failures(results: readonly UnitResult[]): string {
  const units = results.filter((unit) => unit.error?.code !== 'INTERRUPTED');
  return units
    .flatMap((unit) => (unit.error ? [errorText(unit.error, `${unit.task} on ${unit.target}`)] : []))
    .join('\n');
}

/** Reports an error that ended the program. @returns the exit status: 2 for usage and configuration, 4 for a cluster that another run holds, 130 when interrupted, else 1 */
export function reportError(
  thrown: unknown,
  stderr: NodeJS.WritableStream,
  json: NodeJS.WritableStream | undefined,
): number {
  const error = asSwarmupError(thrown);
  stderr.write(harmless(errorText(error)));
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
