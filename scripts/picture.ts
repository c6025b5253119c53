import { readFileSync } from 'node:fs';

/**
 * Draws a terminal as an SVG: `tmux capture-pane -pe > run.txt` while it runs and when it has ended, then
 * `node scripts/picture.ts "A run of swarmup up" run.txt end.txt > docs/up.svg`. Lines about one computer are removed from
 * the texts before.
 */

const [title = '', ...files] = process.argv.slice(2);

const ADVANCE = 8.4;
const LINE = 19;
const LEFT = 16;
const TOP = 58;

/** The colours of a dark terminal, by the parameters of SGR sequences. Source: ECMA-48, 8.3.117. */
const COLOURS: Readonly<Record<number, string>> = {
  30: '#8b949e',
  31: '#ff7b72',
  32: '#3fb950',
  33: '#d29922',
  34: '#58a6ff',
  35: '#bc8cff',
  36: '#39c5cf',
  90: '#8b949e',
};
const PLAIN = '#e6edf3';
const DIM = '#8b949e';

interface Style {
  readonly colour: string;
  readonly isBold: boolean;
}

interface Span extends Style {
  /** Characters before it on its line. */
  readonly at: number;
  readonly text: string;
}

function styleAfter(style: Style, parameters: string): Style {
  const set = (sum: Style, code: number): Style => {
    if (code === 0) return { colour: PLAIN, isBold: false };
    if (code === 1) return { ...sum, isBold: true };
    if (code === 2) return { ...sum, colour: DIM };
    if (code === 22) return { colour: sum.colour === DIM ? PLAIN : sum.colour, isBold: false };
    if (code === 39) return { ...sum, colour: PLAIN };
    return { ...sum, colour: COLOURS[code] ?? sum.colour };
  };
  return parameters.split(';').map(Number).reduce(set, style);
}

/** The lines of a terminal, each in spans of one style. Pure. */
function spansOf(text: string): readonly (readonly Span[])[] {
  let style: Style = { colour: PLAIN, isBold: false };
  return text
    .trimEnd()
    .split('\n')
    .map((line) => {
      const spans: Span[] = [];
      let at = 0;
      // The first part has no sequence before it.
      for (const [i, part] of line.split('\u001B[').entries()) {
        const [, parameters, rest = part] = (i > 0 && /^([\d;]*)m(.*)$/s.exec(part)) || [];
        if (parameters !== undefined) style = styleAfter(style, parameters);
        if (rest !== '') spans.push({ ...style, at, text: rest });
        at += rest.length;
      }
      return spans;
    });
}

const escaped = (text: string) =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');

function drawn({ at, text, colour, isBold }: Span): string {
  const weight = isBold ? ' font-weight="700"' : '';
  return `<tspan x="${(LEFT + at * ADVANCE).toFixed(1)}" fill="${colour}"${weight}>${escaped(text)}</tspan>`;
}

/** All screens, one below the other. */
function svg(screens: readonly string[]): string {
  const lines = screens.flatMap((screen, i) => [...(i > 0 ? [[]] : []), ...spansOf(screen)]);
  const width = Math.ceil(2 * LEFT + ADVANCE * Math.max(...lines.map((line) => lengthOf(line))));
  const height = TOP + lines.length * LINE;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" role="img" aria-label="${escaped(title)}">`,
    '<rect width="100%" height="100%" rx="10" fill="#0d1117"/>',
    '<circle cx="20" cy="20" r="6" fill="#ff5f57"/><circle cx="40" cy="20" r="6" fill="#febc2e"/><circle cx="60" cy="20" r="6" fill="#28c840"/>',
    `<g font-family="ui-monospace, SFMono-Regular, Menlo, Consolas, 'DejaVu Sans Mono', monospace" font-size="14">`,
    ...lines.map((line, i) => `<text y="${TOP + i * LINE}" xml:space="preserve">${line.map(drawn).join('')}</text>`),
    '</g></svg>',
    '',
  ].join('\n');
}

function lengthOf(line: readonly Span[]): number {
  const last = line.at(-1);
  return last ? last.at + last.text.length : 0;
}

process.stdout.write(svg(files.map((file) => readFileSync(file, 'utf8'))));
