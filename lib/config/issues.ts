import { z } from 'zod';
import { unreachable } from '../util/unreachable.ts';
import type { Diagnostic } from './diagnostics.ts';
import type { Locator, Path } from './locate.ts';
import { expectedOneOf, nearest } from '../util/nearest-name.ts';

type Issue = z.core.$ZodIssue;

/** Turns what zod found into diagnostics: one for each mistake, at its place, with the nearest valid key. */
export function diagnose(
  issues: readonly Issue[],
  schema: z.ZodType,
  locator: Locator,
  prefix: Path = [],
): Diagnostic[] {
  const known = z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' });
  return issues.flatMap((issue) => diagnoseIssue(issue, known, locator, prefix));
}

function diagnoseIssue(issue: Issue, schema: JsonSchema, locator: Locator, prefix: Path): Diagnostic[] {
  const path = [...prefix, ...issue.path];
  switch (issue.code) {
    case 'unrecognized_keys': {
      const valid = keysAt(schema, issue.path);
      const where = path.length ? ` in ${path.join('.')}` : '';
      return issue.keys.map((key) => ({
        ...locator.atKey([...path, key], `unknown key '${key}'${where}`, expectedOneOf(key, valid)),
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
          `${path.join('.')} has an unknown form`,
          'expected one of the forms in docs/reference/cluster-file.md',
        ),
      ];
    }
    case 'invalid_key':
      return [locator.atKey(path, `'${String(path.at(-1))}' can't be used as a name`, issue.issues[0]?.message)];
    case 'invalid_value': {
      const values = issue.values.map(String);
      return [
        locator.at(
          path,
          `${path.join('.')} has an unknown value`,
          expectedOneOf(typeof issue.input === 'string' ? issue.input : '', values),
        ),
      ];
    }
    case 'invalid_type': {
      const missing = issue.input === undefined && /undefined/.test(issue.message);
      if (missing) return [locator.at(path, `'${path.join('.')}' is missing`, `expected ${article(issue.expected)}`)];
      return [locator.at(path, `${path.join('.')} has the wrong type`, issue.message.replace(/^Invalid input: /, ''))];
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
          `${path.join('.')} is not valid`,
          issue.message.replace(/^(Invalid input|Too (small|big)): /, ''),
        ),
      ];
    default:
      return unreachable(issue);
  }
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

/** The branch of a union that the input was meant for: the one whose mistakes lie deeper than its top-level type. */
function closestBranch(branches: readonly (readonly Issue[])[]): readonly Issue[] | undefined {
  const meant = branches.filter(
    (issues) => !issues.some((issue) => issue.code === 'invalid_type' && issue.path.length === 0),
  );
  return meant[0] ?? branches[0];
}

function article(type: string): string {
  return `${/^[aeiou]/.test(type) ? 'an' : 'a'} ${type}`;
}

interface JsonSchema {
  readonly properties?: Readonly<Record<string, unknown>>;
  readonly additionalProperties?: unknown;
  readonly items?: unknown;
  readonly anyOf?: readonly unknown[];
}

function keysAt(schema: JsonSchema, path: Path): string[] {
  let candidates: JsonSchema[] = [schema];
  for (const step of path) candidates = candidates.flatMap((candidate) => stepInto(candidate, step));
  return [
    ...new Set(candidates.flatMap(expand).flatMap((candidate) => Object.keys(candidate.properties ?? {}))),
  ].filter((key) => key !== '$schema');
}

function stepInto(schema: JsonSchema, step: PropertyKey): JsonSchema[] {
  return expand(schema).flatMap((candidate) => {
    if (typeof step === 'number') return asSchema(candidate.items);
    const own = candidate.properties?.[String(step)];
    return asSchema(own ?? candidate.additionalProperties);
  });
}

function expand(schema: JsonSchema): JsonSchema[] {
  return schema.anyOf ? schema.anyOf.flatMap(asSchema).flatMap(expand) : [schema];
}

function asSchema(value: unknown): JsonSchema[] {
  return typeof value === 'object' && value !== null ? [value] : [];
}
