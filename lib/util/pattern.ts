import { runInNewContext } from 'node:vm';
import { messageOf } from './errors.ts';

/** Regular expressions from a file, matched against texts from outside. */

const LONGEST_PATTERN = 1_000;
/** How much of a text is searched, in characters, and how long that may take: some expressions take ages with some texts. */
const LONGEST_TEXT = 200_000;
const MATCH_MS = 250;

/** Why a regular expression can't be used, worded as what was expected; undefined if it can. */
export function safePattern(pattern: string): string | undefined {
  if (pattern.length > LONGEST_PATTERN) return `expected at most ${LONGEST_PATTERN} characters`;
  try {
    compile(pattern);
    return undefined;
  } catch (error) {
    return `expected a regular expression: ${messageOf(error)}`;
  }
}

/**
 * Whether a text matches. Only its first 200,000 characters count. The search is stopped after a quarter of a second.
 *
 * @throws Error when it took too long
 */
export function matchesPattern(pattern: string, text: string): boolean {
  const search = () => compile(pattern).test(text.slice(0, LONGEST_TEXT));
  try {
    // The program text is constant. The context exists for its time limit, which also stops a search that backtracks.
    return runInNewContext('search()', { search }, { timeout: MATCH_MS }) === true;
  } catch (error) {
    // An error of that context is no instance of this one's Error.
    const code = typeof error === 'object' && error !== null && 'code' in error ? error.code : undefined;
    if (code === 'ERR_SCRIPT_EXECUTION_TIMEOUT')
      throw new Error(`/${pattern}/ takes too long on this text`, { cause: error });
    throw error;
  }
}

function compile(pattern: string): RegExp {
  return new RegExp(pattern, 'mu');
}
