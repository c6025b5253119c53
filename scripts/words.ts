import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/**
 * Checks that code, comments, messages, test titles and docs don't use wordings that a reader stumbles over. The list is short on
 * purpose: it holds what was written here before and had to be rewritten.
 */

interface Refused {
  readonly pattern: RegExp;
  /** What to write. */
  readonly instead: string;
}

const REFUSED: readonly Refused[] = [
  { pattern: /\banew\b/i, instead: 'again; a machine is recreated' },
  { pattern: /\b(takes?|took|taken|taking) (\w+ ){0,3}away\b/i, instead: 'remove' },
  { pattern: /\b(is|are|was|were|be) there already\b/i, instead: 'exist' },
  { pattern: /\bin a row\b/i, instead: 'consecutive, one after another' },
  { pattern: /\brightly\b/i, instead: 'correctly' },
  { pattern: /\b(makes?|made|making) it so\b/i, instead: 'say what is done' },
  { pattern: /\bdo(es)?n't do as (asked|told)\b/i, instead: 'fails' },
  { pattern: /\b(gives?|gave|given|giving) (\w+ )?back\b/i, instead: 'release, return' },
  { pattern: /\b(go|goes|going|went) on\b/i, instead: 'continue' },
  { pattern: /\bno sign of life\b/i, instead: 'stale, does not answer' },
  { pattern: /\bone's own\b/i, instead: 'your own' },
  { pattern: /\bwould go wrong\b/i, instead: 'problems' },
  { pattern: /\bas (its|the) (cluster )?file (says|has it)\b/i, instead: 'matches the cluster file' },
  { pattern: /\b(is|are) none any more\b/i, instead: 'no longer' },
  { pattern: /\bwithout the others noticing\b/i, instead: 'without downtime' },
  { pattern: /\bwhoever\b/i, instead: 'name who it is' },
  { pattern: /\bin particular\b/i, instead: 'name it' },
  { pattern: /\b(that|which) (is|are) none\b/i, instead: 'invalid, missing' },
  { pattern: /\bit is no \w+ (when|where|if)\b/i, instead: 'say what happens' },
  { pattern: /\b(nodes?|managers?|engines?|runs?|is|are) at work\b/i, instead: 'active, running' },
  { pattern: /\b(what|all that) (is|was) there\b/i, instead: 'existing' },
  { pattern: /\b(another|otherwise) than\b/i, instead: 'other than, different from' },
  { pattern: /\b(can|could|to|cannot|can't) be had\b/i, instead: 'available' },
  {
    pattern:
      /\b(one|an?) (\w+ )?(?!(of|on|in|at|or|that|between|until|from|for|to|with|without|as|than|by|is|has|needs) )\w+ an? (host|node|machine)\b/i,
    instead: 'per host, per node, ...',
  },
];

/** Each refused wording in a text: its line, counted from 1, what was found, and what to write. Pure. */
export function refusedIn(text: string): readonly { line: number; found: string; instead: string }[] {
  return text.split('\n').flatMap((line, i) =>
    REFUSED.flatMap(({ pattern, instead }) => {
      const found = pattern.exec(line)?.[0];
      return found === undefined ? [] : [{ line: i + 1, found, instead }];
    }),
  );
}

/** Files that quote what is refused, or that others wrote. */
const EXCEPT = /^(scripts\/words\.ts|test\/words\.test\.ts|LICENSE|package-lock\.json|test\/compose\/cases\/)/;

if (import.meta.main) {
  const cwd = fileURLToPath(new URL('..', import.meta.url));
  const files = execFileSync('git', ['ls-files', '-z', '*.ts', '*.md', '*.sh', '*.yml', '*.yaml', '*.json'], {
    cwd,
    encoding: 'utf8',
  })
    .split('\0')
    .filter((file) => file !== '' && !EXCEPT.test(file));
  for (const file of files)
    for (const { line, found, instead } of refusedIn(readFileSync(join(cwd, file), 'utf8'))) {
      process.stderr.write(`${file}:${line}: '${found}' is refused; write: ${instead}\n`);
      process.exitCode = 1;
    }
}
