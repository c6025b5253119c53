/** One step through a text: a space, a comment at the start of a word, a quoted or escaped part, or plain characters. */
const STEP = /([ \t\r\n]+)|(#[^\n]*)|'([^']*)'|"((?:\\[^]|[^"\\])*)"|\\([^])|([^ \t\r\n'"\\])/y;

/**
 * Splits a text into words as Docker does: quotes group, a backslash escapes the next character (also in double quotes,
 * any character), and `#` at the start of a word begins a comment. No variables, no globs. Source: google/shlex, which
 * Docker's client uses for `--entrypoint` and for commands in Compose files.
 *
 * @returns undefined if a quote isn't closed, or nothing follows a backslash
 */
export function shellWords(text: string): readonly string[] | undefined {
  const words: string[] = [];
  let word: string | undefined;
  for (let at = 0; at < text.length; at = STEP.lastIndex) {
    STEP.lastIndex = at;
    const [whole, space, comment, single, double, escaped] = STEP.exec(text) ?? [];
    if (whole === undefined) return undefined;
    if (space !== undefined) {
      if (word !== undefined) words.push(word);
      word = undefined;
    } else if (comment === undefined || word !== undefined) {
      // Within a word, `#` is a character like any other, and what follows it isn't a comment.
      if (comment !== undefined) STEP.lastIndex = at + 1;
      const part = comment === undefined ? (single ?? double?.replaceAll(/\\([^])/g, '$1') ?? escaped ?? whole) : '#';
      word = (word ?? '') + part;
    }
  }
  return word === undefined ? words : [...words, word];
}
