/**
 * Characters that change how a text is shown rather than being shown: control characters of C0 and C1 (with DEL),
 * formatting ones such as bidirectional overrides and tags, and the separators of lines and paragraphs. Joiners stay, as
 * scripts and emoji need them. Source: Unicode, General Category Cc, Cf, Zl, Zp, Cs.
 */
const HIDDEN = /(?![\t\n\u200C\u200D])[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/gu;

/** A character as its code: \u001b */
export function escaped(character: string): string {
  const units = Array.from({ length: character.length }, (_, i) => character.charCodeAt(i));
  return units.map((unit) => `\\u${unit.toString(16).padStart(4, '0')}`).join('');
}

/**
 * A text from outside (a host, a registry, a file) in which nothing can act on a terminal: characters that would are
 * shown as their codes. Lines and tabs stay.
 */
export function visibleLines(text: string): string {
  return text.replaceAll('\r\n', '\n').replace(HIDDEN, escaped);
}

/** The same as a single line: it can't look like a line that swarmup printed. */
export function visibleLine(text: string): string {
  return visibleLines(text.trimEnd()).replace(/[\t\n]/g, escaped);
}

/** The same with every further line indented, so that none begins where swarmup's own lines do. */
export function hangingLines(text: string, indent: string): string {
  return visibleLines(text.trimEnd()).replaceAll('\n', `\n${indent}`);
}
