import pc from 'picocolors';
import type { Diagnosis } from '../contracts/diagnosis.ts';
import { hangingLines } from '../util/visible.ts';
import { table } from './table.ts';

/** What goes into a diagnosis, and what is missing. */
export function diagnosisText({ cluster, files, missing, notes }: Diagnosis): string {
  const rows = files.map(({ name, bytes, masked, from }) => [
    name,
    size(bytes),
    masked === 0 ? '-' : `${masked}`,
    from,
  ]);
  return [
    `${pc.bold(`Diagnosis of ${cluster}`)}\n`,
    table(['FILE', 'SIZE', 'MASKED', 'FROM'], rows),
    notes.map((note) => `  ${hangingLines(note, '  ')}\n`).join(''),
    ...(missing.length > 0 ? [`${pc.bold('missing')}\n${missing.map(missingLine).join('')}`] : []),
  ].join('\n');
}

function missingLine({ what, why }: Diagnosis['missing'][number]): string {
  return `  ${pc.yellow('!')} ${hangingLines(`${what}: ${why}`, '    ')}\n`;
}

function size(bytes: number): string {
  return bytes < 1024 ? `${bytes} B` : `${(bytes / 1024).toFixed(1)} KiB`;
}

/** `diagnose --json`. @param archive undefined when it wasn't written */
export function diagnosisJson({ cluster, files, missing, notes }: Diagnosis, archive: string | undefined): object {
  const listed = files.map(({ name, bytes, masked, from }) => ({ name, bytes, masked, from }));
  return { cluster, archive: archive ?? null, files: listed, missing, notes };
}
