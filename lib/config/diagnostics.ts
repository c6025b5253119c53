import type { Diagnostic } from '../util/diagnostic.ts';
import { SwarmupError } from '../util/errors.ts';
import { MASK, maskSecrets } from '../util/secret-shapes.ts';

export type { Diagnostic } from '../util/diagnostic.ts';

/** The mistakes as text: place, message, the line with the mistake underlined, and what was expected. */
function renderDiagnostics(diagnostics: readonly Diagnostic[], text: string): string {
  const lines = text.split(/\r?\n/);
  return diagnostics.map((d) => renderOne(d, d.source ?? lines[d.line - 1] ?? '')).join('\n\n');
}

/** Keys whose value is a secret, as a key of YAML or of a flow map. */
const SECRET_KEY =
  /((?:^|[\s{,])["']?[\w.-]*(?:passw|passphrase|secret|token|credential|private[_-]?key|api[_-]?key)[\w.-]*["']?\s*:\s+)[^\s#&*|>{[].*$/i;

/** The line without what may be a secret. */
function withoutSecrets(d: Diagnostic, line: string): string {
  const end = d.column - 1 + d.length;
  const [colon] = d.keyOnly ? (/^["']?\s*:\s+(?=\S)/.exec(line.slice(end)) ?? []) : [];
  const shown = colon === undefined ? line : `${line.slice(0, end)}${colon}${MASK}`;
  return maskSecrets(shown.replace(SECRET_KEY, `$1${MASK}`));
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
