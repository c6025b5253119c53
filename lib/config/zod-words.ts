import type { z } from 'zod';

/** What zod says, in the words that users know from YAML. */

/** Zod's names of types in the words of users. */
const TYPES: Readonly<Record<string, string>> = {
  string: 'a text',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
  array: 'a list',
  object: 'a mapping',
  record: 'a mapping',
  null: 'nothing',
  undefined: 'nothing',
};

/** A type as zod calls it, with its article. */
export function wordOf(type: string): string {
  return TYPES[type] ?? `${/^[aeiou]/.test(type) ? 'an' : 'a'} ${type}`;
}

/** What was expected instead: in the schema's words, if it has any of its own. */
export function typeHint({ message, expected, input }: z.core.$ZodIssueInvalidType): string {
  if (!message.startsWith('Invalid input: ')) return message;
  const found = input === null ? 'null' : Array.isArray(input) ? 'array' : typeof input;
  const isFraction = expected === 'int' && found === 'number';
  return `expected ${wordOf(expected)}, found ${isFraction ? String(input) : found === 'boolean' ? 'a boolean' : wordOf(found)}`;
}

/** Zod's sentences about sizes, such as "expected number to be <=65535". */
export function inWords(message: string): string {
  return message
    .replace(/^expected \w+ to have >=1 (item|character)s$/, 'expected at least one $1')
    .replace(/^expected \w+ to (?:be|have) >=(\S+?)( \w+)?$/, 'expected $1$2 or more')
    .replace(/^expected \w+ to (?:be|have) <=(\S+?)( \w+)?$/, 'expected at most $1$2')
    .replace(/^expected \w+ to (?:be|have) >(\S+?)( \w+)?$/, 'expected more than $1$2')
    .replace(/^expected \w+ to (?:be|have) <(\S+?)( \w+)?$/, 'expected less than $1$2');
}
