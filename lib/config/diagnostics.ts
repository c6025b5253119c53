import type { Diagnostic } from '../util/diagnostic.ts';
import { SwarmupError } from '../util/errors.ts';
import { MASK, maskSecrets } from '../util/secret-shapes.ts';

export type { Diagnostic } from '../util/diagnostic.ts';

/** The mistakes as text: place, message, the line with the mistake underlined, and what was expected. */
function renderDiagnostics(diagnostics: readonly Diagnostic[], text: string): string {
  const lines = text.split(/\r?\n/);
  const isHidden = ({ isSyntax, line }: Diagnostic) =>
    isSyntax ? isNearSecret(lines, line) : KEY_ALONE.test(lines[line - 2] ?? '');
  const sourceOf = (d: Diagnostic) => (isHidden(d) ? '' : lines[d.line - 1]);
  return diagnostics.map((d) => renderOne(d, d.source ?? sourceOf(d) ?? '')).join('\n\n');
}

/** Words in keys whose value is a secret; a mistake may have put other characters between their letters. */
const LETTERS = ['passw', 'passphrase', 'token', 'credential', 'privatekey', 'apikey'];
const WORDS = LETTERS.map((word) => word.split('').join('[\\W_]*'));
const SECRET_WORD = new RegExp(`((?:${WORDS.join('|')})[\\w.-]*["']?\\s*:?\\s*).+$`, 'i');
/** Such a key at the end of its line: the next one may have its value. */
const KEY_ALONE = new RegExp(`(?:${WORDS.join('|')})\\w*\\W*$`, 'i');
/** A key such as `clientSecret`; sections and lists of Docker secrets have no value on their line. */
const SECRET_KEY = /((?:^|[\s{,])["']?[\w.-]*secret[\w.-]*["']?\s*:\s+)[^\s#&*|>{[].*$/i;
const SECRET_LETTERS = new RegExp([...LETTERS, 'secret'].join('|'));

/** A mistake may put this many line breaks between a key and its value. */
const NEAR = 3;

/** Whether a line may have a secret whose key can't be told from its value: it, or a line near it, names one. */
function isNearSecret(lines: readonly string[], line: number): boolean {
  const around = lines.slice(Math.max(0, line - 1 - NEAR), line + NEAR).join('');
  return SECRET_LETTERS.test(around.replace(/[^A-Za-z]/g, '').toLowerCase());
}

/** The line without what may be a secret. */
function withoutSecrets(d: Diagnostic, line: string): string {
  const end = d.column - 1 + d.length;
  const [colon] = d.keyOnly ? (/^["']?\s*:\s+(?=\S)/.exec(line.slice(end)) ?? []) : [];
  const shown = colon === undefined ? line : `${line.slice(0, end)}${colon}${MASK}`;
  return maskSecrets(shown.replace(SECRET_WORD, `$1${MASK}`).replace(SECRET_KEY, `$1${MASK}`));
}

function renderOne(d: Diagnostic, text: string): string {
  const source = withoutSecrets(d, text);
  const gutter = String(d.line);
  const room = Math.max(1, Math.min(d.length, source.length - d.column + 1));
  const shown = [`${d.file}:${d.line}:${d.column}: ${d.message}`];
  if (source.trim() !== '') {
    shown.push(
      `  ${gutter} | ${source}`,
      `  ${' '.repeat(gutter.length)} | ${' '.repeat(d.column - 1)}${'^'.repeat(room)}`,
    );
  }
  if (d.hint) shown.push(`  ${d.hint}`);
  return shown.join('\n');
}

/** All mistakes of one file as one error. */
export function configError(diagnostics: readonly Diagnostic[], text: string): SwarmupError {
  const order = (d: Diagnostic) => (d.source === undefined ? '' : d.file);
  const sorted = [...diagnostics].sort(
    (a, b) => order(a).localeCompare(order(b)) || a.line - b.line || a.column - b.column,
  );
  const count = sorted.length === 1 ? 'a mistake' : `${sorted.length} mistakes`;
  return new SwarmupError('CONFIG_INVALID', `the cluster file has ${count}\n\n${renderDiagnostics(sorted, text)}`, {
    fix: 'Correct these places; docs/reference/cluster-file.md lists every key.',
  });
}
