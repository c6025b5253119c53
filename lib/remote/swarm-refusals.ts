import type { ErrorCode } from '../util/errors.ts';

import { ROWS } from './swarm-refusal-rows.ts';

/** What an engine's refusal of a swarm operation means. */
export interface Refusal {
  readonly code: ErrorCode;
  /** The cause, as it reads after "couldn't ...: ". */
  readonly because: string;
  readonly fix: string;
  readonly transient: boolean;
}

/** Answers about registries and other servers have the address that was asked. */
const ABOUT_A_SERVER = /https?:\/\//;

/**
 * What an engine's answer to a swarm operation means; undefined for answers about anything else.
 *
 * @param node the one whose engine answered
 * @param words the engine's message
 */
export function swarmRefusal(node: string, words: string): Refusal | undefined {
  if (ABOUT_A_SERVER.test(words)) return undefined;
  for (const row of ROWS) {
    const found = row.words.exec(words);
    if (!found) continue;
    const { code = 'ENGINE_REFUSED', transient = false } = row;
    return { code, because: row.because(node, found), fix: row.fix(node, found), transient };
  }
  return undefined;
}
