import { z } from 'zod';
import { shellWords } from '../../util/shell-words.ts';

/** Texts, lists and maps in all the forms that Compose files know. */

/** A text; numbers and booleans stand for their text in the file. */
export const text = () => z.union([z.string(), z.number(), z.boolean()]).transform(String);

/** One value, or a list of them. */
export const oneOrMore = <T extends z.ZodType>(item: T) =>
  z.union([item, z.array(item)]).transform((value): z.output<T>[] => (Array.isArray(value) ? value : [value]));

const NAME_FIRST = 'expected NAME=VALUE, or a map of names and values';

const pair = () => text().refine((entry) => !entry.startsWith('=') && entry !== '', { error: NAME_FIRST });
const key = () => z.string().regex(/^[^=]+$/, { error: 'expected a name without an equals sign' });

/** Names and values: a map, or a list of `NAME=VALUE`. A name without a value has an empty one. */
export const texts = () =>
  z.union([z.record(key(), text().nullable()), z.array(pair())]).transform((value) => {
    const pairs = Array.isArray(value) ? value.map(split) : Object.entries(value);
    return Object.fromEntries(pairs.map(([name, one]): [string, string] => [name, one ?? '']));
  });

/** Environment variables: as `texts`, but null for a name without a value, whose value comes from swarmup's environment. */
export const environment = () =>
  z.union([z.record(key(), text().nullable()), z.array(pair())]).transform((value): Record<string, string | null> => {
    return Array.isArray(value) ? Object.fromEntries(value.map(split)) : value;
  });

function split(entry: string): [string, string | null] {
  const at = entry.indexOf('=');
  return at < 0 ? [entry, null] : [entry.slice(0, at), entry.slice(at + 1)];
}

/** A command: a list of words, or a line that is split into words as a shell would, without running one. */
export const command = () =>
  z.union([
    z.string().transform((line, ctx): string[] => {
      const words = shellWords(line);
      if (!words)
        ctx.addIssue({ code: 'custom', message: 'expected closed quotes, and a character after a backslash' });
      return [...(words ?? [])];
    }),
    z.array(text()),
  ]);

const OCTAL = /^0o?[0-7]+$/;
const LARGEST_MODE = 0o7777;

/**
 * The mode of a file: octal, with a leading zero. A number that is valid both ways and without the zero is refused, as
 * Docker would take 440 for the decimal number, 0670.
 */
export const fileMode = () =>
  z.union([z.string(), z.int()]).transform((written, ctx) => {
    const digits = String(written);
    const mode = OCTAL.test(digits) ? Number.parseInt(digits.replace('o', ''), 8) : Number(digits);
    const isDoubtful = /^[1-7][0-7]+$/.test(digits);
    if (isDoubtful) ctx.addIssue({ code: 'custom', message: `expected an octal mode with a leading zero: 0${digits}` });
    else if (!/^\d+$/.test(digits.replace('o', '')) || mode > LARGEST_MODE)
      ctx.addIssue({ code: 'custom', message: 'expected an octal mode, such as 0440' });
    return mode;
  });
