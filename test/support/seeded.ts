import { randomInt } from 'node:crypto';
import { isLong } from './long.ts';

/** How many times as many inputs long runs try. */
const LONG = 20;

/** How many inputs a property is tried with. docs/security.md has the sum. */
export function inputs(usual: number): number {
  return isLong ? usual * LONG : usual;
}

/** Long runs try other inputs each time; SWARMUP_TEST_SEED repeats those of a run, which printed it. */
const given = process.env['SWARMUP_TEST_SEED'];
const SEED = given === undefined ? (isLong ? randomInt(2 ** 31) : 0) : Number(given);
if (SEED !== 0) console.info(`random inputs: SWARMUP_TEST_SEED=${SEED}`);

/** Characters that break parsers, terminals and quoting, besides ordinary ones. */
const ALPHABET: readonly string[] = [
  'a Z 0 9 . , : ; / \\ @ % # & = ? + - _ ~ ! $ * " \' ` < > ( ) [ ] { } | ^'.split(' '),
  [' ', '\n', '\r', '\t', '\0', '\b', '\u001B', '\u007F', '\u0085', '\u009B', '\u00A0', '\u00E4', '\u200B', '\u200D'],
  ['\u2028', '\u202E', '\u2066', '\uFEFF', '\uFFFE', '\uD800', '\u{1F600}', '\u{E0041}', '::', '##[', '$(id)', '../'],
].flat();

export interface Random {
  /** A whole number from 0 to below `limit`. */
  readonly below: (limit: number) => number;
  readonly one: <T>(values: readonly [T, ...T[]]) => T;
  /** A text of up to this many pieces. */
  readonly text: (longest: number, alphabet?: readonly string[]) => string;
}

/** Random values that are the same in every run but long ones: for tests of properties. Source: mulberry32, a public-domain generator. */
export function seeded(seed: number): Random {
  let state = seed ^ SEED;
  const below = (limit: number) => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return Math.floor((((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32) * limit);
  };
  const one = <T>(values: readonly [T, ...T[]]): T => values[below(values.length)] ?? values[0];
  const text = (longest: number, alphabet: readonly string[] = ALPHABET) =>
    Array.from({ length: below(longest + 1) }, () => alphabet[below(alphabet.length)] ?? '').join('');
  return { below, one, text };
}
