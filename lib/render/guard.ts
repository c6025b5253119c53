import pc from 'picocolors';
import { escaped, visibleLines } from '../util/visible.ts';
import { ownLinks } from './hyperlink.ts';

/** Colours and weights: beside swarmup's own links, the only sequence that is let through. Source: ECMA-48, SGR. */
// oxlint-disable-next-line no-control-regex -- the sequence begins with one
const SGR = /\u001B\[(?:\d{1,3}(?:;\d{1,3}){0,15})?m/g;
const RESET = '\u001B[0m';

/** Blinking and concealed, which no text needs. The numbers of a colour (38;5;8) are not weights. */
function isHarmless(sequence: string): boolean {
  const weights = sequence.slice(2, -1).replace(/\b[34]8;(?:5;\d+|2;\d+;\d+;\d+)/g, '');
  return !weights.split(';').some((weight) => ['5', '6', '8'].includes(weight.replace(/^0+/, '')));
}

/**
 * The last gate before a terminal or a log, for everything that is printed: nothing but colours and the links of
 * swarmup's own errors acts on the terminal, and not even these where colours are off. On a CI system, nothing is a
 * command to it.
 *
 * @param page the address of the page that links may lead to; default: that of the package
 */
export function harmless(text: string, colours: boolean = pc.isColorSupported, page?: string): string {
  const parts: string[] = [];
  let at = 0;
  for (const link of colours ? ownLinks(text, page) : []) {
    parts.push(coloursOnly(text.slice(at, link.at), colours), link.text);
    at = link.at + link.text.length;
  }
  parts.push(coloursOnly(text.slice(at), colours));
  const shown = parts.join('');
  return isOnCi() ? withoutCommands(shown) : shown;
}

function coloursOnly(text: string, colours: boolean): string {
  const parts: string[] = [];
  let at = 0;
  for (const { 0: sequence, index } of colours ? text.matchAll(SGR) : []) {
    parts.push(visibleLines(text.slice(at, index)), isHarmless(sequence) ? sequence : '');
    at = index + sequence.length;
  }
  return [...parts, visibleLines(text.slice(at))].join('');
}

/** A line that a user's own program printed: it keeps its colours, which end with it. */
export function programLine(line: string): string {
  const shown = harmless(line.trimEnd()).replaceAll('\n', escaped);
  return shown.includes('\u001B') ? `${shown}${RESET}` : shown;
}

/**
 * A text in which no CI system finds a command. GitHub reads `::name::` at the beginning of a line, after blanks, and
 * `##[name]` anywhere in it; Azure Pipelines and TeamCity read `##vso[` and `##teamcity[`. Source: actions/runner,
 * ActionCommand.cs.
 */
export function withoutCommands(text: string): string {
  return text.replace(/^(\s*):(?=:)/gm, '$1: ').replace(/#(?=#\w*\[)/g, '# ');
}

function isOnCi(): boolean {
  return ['GITHUB_ACTIONS', 'TF_BUILD', 'TEAMCITY_VERSION'].some((name) => Boolean(process.env[name]));
}

/** A JSON document with the same meaning, in which every character is shown and no CI system finds a command. */
export function jsonText(value: unknown): string {
  // What JSON.stringify leaves alone occurs only in strings, where an escape means the same.
  const text = visibleLines(JSON.stringify(value, null, 2));
  return `${text.replace(/#(?=#\w*\[)/g, escaped)}\n`;
}
