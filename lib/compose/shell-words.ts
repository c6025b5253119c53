/**
 * The words of a command line, as github.com/google/shlex splits them: quotes, backslashes, and comments where a word
 * would begin. Undefined for an unfinished quotation or escape.
 */
export function shellWords(text: string): readonly string[] | undefined {
  const words: string[] = [];
  let word: string | undefined;
  let quote: '"' | "'" | undefined;
  const characters = Array.from(text);
  for (let i = 0; i < characters.length; i++) {
    const character = characters[i] ?? '';
    if (character === '\\' && quote !== "'") {
      i++;
      if (i === characters.length) return undefined;
      word = (word ?? '') + (characters[i] ?? '');
    } else if (quote !== undefined) {
      if (character === quote) quote = undefined;
      else word = (word ?? '') + character;
    } else if (character === '"' || character === "'") {
      quote = character;
      word ??= '';
    } else if (SPACES.has(character)) {
      if (word !== undefined) words.push(word);
      word = undefined;
    } else if (character === '#' && word === undefined) {
      while (i + 1 < characters.length && characters[i] !== '\n') i++;
    } else word = (word ?? '') + character;
  }
  if (quote !== undefined) return undefined;
  return word === undefined ? words : [...words, word];
}

const SPACES: ReadonlySet<string> = new Set([' ', '\t', '\r', '\n']);
