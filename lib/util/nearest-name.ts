import { closest, distance } from 'fastest-levenshtein';

/** The nearest of the valid names, if it is near enough to be a typo. */
export function nearest(word: string, valid: readonly string[]): string | undefined {
  if (valid.length === 0) return undefined;
  const candidate = closest(word, valid);
  return distance(word, candidate) <= Math.max(2, Math.floor(word.length / 3)) ? candidate : undefined;
}

/** How many names to list; after a likely one, the rest is in the reference. */
const MOST = 12;

/** "did you mean 'x'? expected one of a, b, c" */
export function expectedOneOf(word: string, valid: readonly string[]): string {
  const near = nearest(word, valid);
  if (near && valid.length > MOST) return `did you mean '${near}'?`;
  const list = `expected one of ${valid.join(', ')}`;
  return near ? `did you mean '${near}'? ${list}` : list;
}

/** "Did you mean 'x'? Expected one of a, b, c." for an error's fix. */
export function adviceFor(word: string, valid: readonly string[]): string {
  return expectedOneOf(word, valid)
    .replace(/(^|\? )([a-z])/g, (_all, before: string, first: string) => `${before}${first.toUpperCase()}`)
    .replace(/(?<!\?)$/, '.');
}
