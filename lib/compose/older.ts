import type { Diagnostic } from '../util/diagnostic.ts';
import { CLIENTS, cliName } from './clients.ts';
import { COMPOSE_FILE, NEWEST } from './schema.ts';
import { validate, type Wrong } from './validate.ts';
import type { Value } from './values.ts';

/** What docker commands before a version read as something else, or refuse. */
export interface OlderMistake {
  /** As `cliVersion` has it. */
  readonly below: number;
  readonly mistake: Diagnostic;
}

/** Reports a mistake that docker commands before a version find. */
export type WrongBelow = (below: number, ...mistake: Parameters<Wrong>) => void;

/**
 * Reports what older docker commands refuse in a file that doesn't say its minor version: they take it for the newest
 * version that they know, or 3 for 3.0.
 *
 * @param root the file's values, which the newest docker command accepts
 * @param version as written: none, or 3
 */
export function refusedBelow(root: Value, version: '' | '3', wrong: WrongBelow): void {
  const enough = leastMinor(root);
  const refusing = CLIENTS.filter(({ three }) => three < enough);
  // What one refuses, those before it refuse for the same reason, but the first: it takes 3 for 3.0.
  const [first, last] = [refusing.find(({ three }) => three === 0), refusing.findLast(({ three }) => three > 0)];
  for (const client of [version === '3' ? first : undefined, last]) {
    const next = client && CLIENTS[CLIENTS.indexOf(client) + 1];
    if (!next) continue;
    const taken = version === '' ? 'no version' : 'version 3';
    const needed = enough <= CLIENTS[0].newest ? `version: "3.${enough}"` : 'a newer docker (docker.version)';
    const hint = `expected ${needed}`;
    const refused: Wrong = (path, message, _, at) => wrong(next.cli, path, message, hint, at);
    validate(root, COMPOSE_FILE, client.three, refused, (key, from) => ({
      message: `'${key}' exists since version 3.${from}, and docker ${cliName(client.cli)} takes ${taken} for 3.${client.three}`,
      hint,
    }));
  }
}

/** The first minor version of the format that accepts a value. */
function leastMinor(root: Value): number {
  for (let minor = 0; minor < NEWEST; minor++) {
    let isRefused = false;
    validate(root, COMPOSE_FILE, minor, () => (isRefused = true));
    if (!isRefused) return minor;
  }
  return NEWEST;
}
