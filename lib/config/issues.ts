import type { z } from 'zod';
import { unreachable } from '../util/unreachable.ts';
import type { Diagnostic } from './diagnostics.ts';
import type { Locator, Path } from './locate.ts';
import { expectedOneOf, nearest } from '../util/nearest-name.ts';
import { otherName } from './other-names.ts';
import { keysAt } from './shape.ts';
import { inWords, typeHint, wordOf } from './zod-words.ts';

type Issue = z.core.$ZodIssue;

/** Turns what zod found into diagnostics: one for each mistake, at its place, with the nearest valid key. */
export function diagnose(
  issues: readonly Issue[],
  schema: z.ZodType,
  locator: Locator,
  prefix: Path = [],
): Diagnostic[] {
  return issues.flatMap((issue) => diagnoseIssue(issue, schema, locator, prefix));
}

function diagnoseIssue(issue: Issue, schema: z.ZodType, locator: Locator, prefix: Path): Diagnostic[] {
  const path = [...prefix, ...issue.path];
  switch (issue.code) {
    case 'unrecognized_keys': {
      const valid = keysAt(schema, issue.path);
      const where = path.length ? ` in ${placeOf(path)}` : '';
      return issue.keys.map((key) => ({
        ...locator.atKey(
          [...path, key],
          `unknown key '${shownKey(key)}'${where}`,
          otherName(path, key) ?? expectedOneOf(key, valid),
        ),
        ...(mayBeSecret(key, valid) ? { keyOnly: true } : {}),
      }));
    }
    case 'invalid_union': {
      const branch = closestBranch(issue.errors);
      if (branch)
        return branch.flatMap((inner) =>
          diagnoseIssue({ ...inner, path: [...issue.path, ...inner.path] }, schema, locator, prefix),
        );
      return [
        locator.at(
          path,
          `${placeOf(path)} has an unknown form`,
          'expected one of the forms in docs/reference/cluster-file.md',
        ),
      ];
    }
    case 'invalid_key':
      return [locator.atKey(path, `'${shownKey(path.at(-1))}' can't be used as a name`, issue.issues[0]?.message)];
    case 'invalid_value': {
      const values = issue.values.map(String);
      return [
        locator.at(
          path,
          issue.input === undefined ? `'${placeOf(path)}' is missing` : `${placeOf(path)} has an unknown value`,
          expectedOneOf(typeof issue.input === 'string' ? issue.input : '', values),
        ),
      ];
    }
    case 'invalid_type': {
      const missing = issue.input === undefined && /undefined/.test(issue.message);
      if (missing) return [locator.at(path, `'${placeOf(path)}' is missing`, `expected ${wordOf(issue.expected)}`)];
      return [locator.at(path, `${placeOf(path)} has the wrong type`, typeHint(issue))];
    }
    case 'custom':
    case 'invalid_element':
    case 'invalid_format':
    case 'not_multiple_of':
    case 'too_big':
    case 'too_small':
      return [
        locator.at(
          path,
          `${placeOf(path)} is not valid`,
          inWords(issue.message.replace(/^(Invalid input|Too (small|big)): /, '')),
        ),
      ];
    default:
      return unreachable(issue);
  }
}

/** A path as text, such as `nodes.0.address`. */
function placeOf(path: Path): string {
  return path.map(shownKey).join('.');
}

/** A key up to its first blank or colon: behind these may be the value of another one, which a mistake made a part of it. */
function shownKey(key: PropertyKey | undefined): string {
  return String(key).replace(/^([^\s:]*[\s:]).+$/s, '$1...');
}

/** Words in the names of keys whose value is a secret. */
const SECRET_WORDS = ['password', 'passwd', 'passphrase', 'secret', 'token', 'credential', 'apikey', 'pass'];

/** Whether an unknown key may be a misspelt one whose value is a secret. */
function mayBeSecret(key: string, valid: readonly string[]): boolean {
  const isSecret = (name: string) =>
    name.split(/[\W_]+|(?<=[a-z])(?=[A-Z])/).some((word) => nearest(word.toLowerCase(), SECRET_WORDS) !== undefined);
  const meant = nearest(key, valid);
  return isSecret(key) || (meant === undefined ? valid.some(isSecret) : isSecret(meant));
}

/**
 * The branch of a union that the input was meant for: the one whose mistakes lie inside it, else the one that takes its
 * type.
 */
function closestBranch(branches: readonly (readonly Issue[])[]): readonly Issue[] | undefined {
  const inside = branches.find((issues) => !issues.some((issue) => isOther(issue, ['invalid_type', 'invalid_value'])));
  return inside ?? branches.find((issues) => !issues.some((issue) => isOther(issue, ['invalid_type']))) ?? branches[0];
}

/** Whether an issue is about the value as a whole: it has another type, or is none of several values. */
function isOther(issue: Issue, codes: readonly Issue['code'][]): boolean {
  if (issue.path.length > 0) return false;
  if (issue.code === 'invalid_union') return issue.errors.every((branch) => branch.some((one) => isOther(one, codes)));
  return codes.includes(issue.code);
}
