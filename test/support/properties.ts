import { randomInt } from 'node:crypto';
import * as fc from 'fast-check';
import { visibleLines } from '../../lib/util/visible.ts';
import { isLong } from './long.ts';

/** How many times as many inputs long runs try. */
const LONG = 20;

/** How many inputs a property is tried with. docs/security.md has the sum. */
function inputs(usual: number): number {
  return isLong ? usual * LONG : usual;
}

/** Usual runs try the same inputs each time, so that CI repeats; long runs try others, which the seed repeats. */
const SEED = seed(process.env['SWARMUP_TEST_SEED']);
if (isLong) console.info(`random inputs: SWARMUP_TEST_SEED=${SEED}`);

function seed(given: string | undefined): number {
  if (given === undefined) return isLong ? randomInt(2 ** 31) : 0;
  if (!/^\d{1,10}$/.test(given)) throw new Error(`SWARMUP_TEST_SEED is ${JSON.stringify(given)}, which is no number`);
  return Number(given);
}

/** The parameters of fc.assert. A failing input is shown with the characters that a terminal would hide or obey as codes. */
export function tried<T>(usual: number): fc.Parameters<T> {
  return { numRuns: inputs(usual), seed: SEED, reporter: report };
}

function report<T>(details: fc.RunDetails<T>): void {
  if (!details.failed) return;
  const variables = `${isLong ? 'SWARMUP_TEST_LONG=true ' : ''}SWARMUP_TEST_SEED=${SEED}`;
  const message = visibleLines(fc.defaultReportMessage(details) ?? '');
  throw new Error(`${message}\n\nRepeat it with ${variables}`, { cause: details.errorInstance });
}

/** Pieces that break parsers, terminals and quoting, besides ordinary characters. */
const PIECES: readonly string[] = [
  'a Z 0 9 . , : ; / \\ @ % # & = ? + - _ ~ ! $ * " \' ` < > ( ) [ ] { } | ^'.split(' '),
  [' ', '\n', '\r', '\t', '\0', '\b', '\u001B', '\u007F', '\u0085', '\u009B', '\u00A0', '\u00E4', '\u200B', '\u200D'],
  ['\u2028', '\u202E', '\u2066', '\uFEFF', '\uFFFE', '\uD800', '\u{1F600}', '\u{E0041}', '::', '##[', '$(id)', '../'],
].flat();

/** A text of up to so many of the pieces. */
export function textOf(pieces: readonly string[], longest: number): fc.Arbitrary<string> {
  return fc.string({ unit: fc.constantFrom(...pieces), maxLength: longest });
}

/** A text that anything may be in: mostly what breaks parsers, and now and then any other character. */
export function anyText(longest: number): fc.Arbitrary<string> {
  const other = fc.string({ unit: 'binary', minLength: 1, maxLength: 1 });
  const unit = fc.oneof({ weight: 7, arbitrary: fc.constantFrom(...PIECES) }, { weight: 1, arbitrary: other });
  return fc.string({ unit, maxLength: longest });
}

/** A text that can be the argument of a program. */
export function word(longest: number): fc.Arbitrary<string> {
  return anyText(longest).map((text) => text.toWellFormed().replaceAll('\0', ''));
}
