import { Exact, goFloat } from '../values.ts';
import { resolveScalar } from '../yaml/scalars.ts';

/** Scalars as gopkg.in/yaml.v3 writes them: plain where they stay what they are, quoted or as a block otherwise. */

const OLD_BOOLEAN = /^(?:y|Y|yes|Yes|YES|on|On|ON|n|N|no|No|NO|off|Off|OFF)$/;
const BASE_60 = /^[-+]?[0-9][0-9_]*(?::[0-5]?[0-9])+(?:\.[0-9_]*)?$/;
const FIRST_INDICATOR = /^(?:[#,[\]{}&*!|>'"%@`]|[?:](?:\s|$)|-(?:\s|$)|---|\.\.\.)/;
const INNER_INDICATOR = /:(?:\s|$)|\s#/;
/** Anything but printable characters of the basic plane. Source: yaml.v3, yamlprivateh.go, is_printable. */
const SPECIAL = /[^\n\t\u0020-\u007E\u00A0-\uD7FF\uE000-\uFEFE\uFF00-\uFFFD]/;

/** A scalar that isn't a text of several lines. */
export function scalarText(value: unknown): string {
  if (typeof value === 'string') return stringText(value);
  if (value instanceof Exact) return value.text;
  if (typeof value === 'number' && !Number.isInteger(value)) return goFloat(value);
  return String(value);
}

function stringText(text: string): string {
  const isPlain = resolveScalar(text)?.tag === 'str' && !OLD_BOOLEAN.test(text) && !BASE_60.test(text);
  if (!isPlain || SPECIAL.test(text) || /[\t\n]/.test(text)) return doubleQuoted(text);
  const isSpaced = /^ | $|[\u2028\u2029]/.test(text);
  if (isSpaced || FIRST_INDICATOR.test(text) || INNER_INDICATOR.test(text)) return `'${text.replaceAll("'", "''")}'`;
  return text;
}

/** Whether a text is written as a block: it has several lines, and nothing that a block can't hold. */
export function isBlock(text: string): boolean {
  return text.includes('\n') && !SPECIAL.test(text) && !/ (?:[\n\r\u0085\u2028\u2029]|$)/.test(text);
}

/** The header and the lines of a block, not indented. Like Docker's, it loses a line break that begins the text. */
export function blockOf(text: string): { readonly header: string; readonly lines: readonly string[] } {
  const hint = /^[ \n]/.test(text) ? '2' : '';
  const chomp = !text.endsWith('\n') ? '-' : text === '\n' || text.endsWith('\n\n') ? '+' : '';
  const lines = text.replace(/^\n/, '').split('\n');
  return { header: `|${hint}${chomp}`, lines: text.endsWith('\n') ? lines.slice(0, -1) : lines };
}

const ESCAPES: Readonly<Record<string, string>> = {
  '\0': '\\0',
  '\u0007': '\\a',
  '\b': '\\b',
  '\t': '\\t',
  '\n': '\\n',
  '\v': '\\v',
  '\f': '\\f',
  '\r': '\\r',
  '\u001B': '\\e',
  '"': '\\"',
  '\\': '\\\\',
  '\u0085': '\\N',
  '\u00A0': '\\_',
  '\u2028': '\\L',
  '\u2029': '\\P',
};

function doubleQuoted(text: string): string {
  const escaped = Array.from(text).map((character) => {
    const known = ESCAPES[character];
    if (known !== undefined && character !== '\u00A0') return known;
    if (!SPECIAL.test(character)) return character;
    const code = character.codePointAt(0) ?? 0;
    const hex = code.toString(16).toUpperCase();
    if (code <= 0xff) return `\\x${hex.padStart(2, '0')}`;
    return code <= 0xff_ff ? `\\u${hex.padStart(4, '0')}` : `\\U${hex.padStart(8, '0')}`;
  });
  return `"${escaped.join('')}"`;
}
