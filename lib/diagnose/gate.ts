import type { Diagnosis, DiagnosisFile, Missing } from '../contracts/diagnosis.ts';
import { Redactor } from '../record/redact.ts';
import type { Secret } from '../util/secret.ts';
import { MASK } from '../util/secret-shapes.ts';
import { visibleLine, visibleLines } from '../util/visible.ts';
import { lastLines, withoutLongWords } from './bounds.ts';
import { isRecord } from './pick.ts';
import type { Part, Parts } from './parts.ts';
import { announcesSecret, isSecretName, maskStrictly } from './shapes.ts';

/** A longer text within data is left out whole: half of a secret might be left at its end. */
const LONGEST_TEXT = 4096;
/** More of a text within data is left out, after it has been cleaned. */
const SHOWN_TEXT = 3000;
/** How many characters the texts of one file may have: patterns take long on long texts. */
const LONGEST_FILE = 1_000_000;
/** The size of all files together, in bytes. */
const LARGEST = 64 * 2 ** 20;

/** Colours within a line would hide where a value begins. Source: ECMA-48, SGR. */
// oxlint-disable-next-line no-control-regex -- the sequence begins with one
const COLOURS = /\u001B\[[\d;]*m/g;

/** A file that may be passed on. */
export interface SealedFile extends DiagnosisFile {
  readonly text: string;
}

/** A diagnosis that may be passed on. */
export interface SealedDiagnosis extends Diagnosis {
  readonly files: readonly SealedFile[];
}

/**
 * The one gate: everything that is written into a diagnosis has passed it, when all secrets were known. Known secrets are
 * removed in every form, others by their names and shapes. A file in which one is found afterwards is left out.
 *
 * @param notes what is in the diagnosis on purpose, and what never is
 */
export function seal(
  cluster: string,
  parts: Parts,
  secrets: readonly Secret[],
  notes: readonly string[],
): SealedDiagnosis {
  const redactor = new Redactor();
  for (const secret of secrets) redactor.add(secret);
  const files: SealedFile[] = [];
  let room = LARGEST;
  for (const part of parts.all) {
    const file = sealedPart(part, redactor);
    const leaks = secrets.some((secret) => occurs(secret, file.text));
    if (leaks) parts.miss(file.name, 'left out: a secret in it could not be removed');
    else if (file.bytes > room) parts.miss(file.name, `left out: all files together have more than ${LARGEST} bytes`);
    else files.push(file);
    if (files.at(-1) === file) room -= file.bytes;
  }
  const cleanedMissing = parts.missing.map(({ what, why }) => ({
    what: visibleLine(shortened(cleaned(what.slice(0, LONGEST_TEXT), redactor))),
    why: visibleLine(shortened(cleaned(why.slice(0, LONGEST_TEXT), redactor))),
  }));
  const missing = byCause(cleanedMissing);
  const listed = [...files, plainFile('missing.txt', 'this list of what could not be read', missingText(missing))];
  const contents = plainFile('contents.txt', 'this list of files', contentsText(cluster, listed, notes));
  return { cluster, files: [contents, ...listed], missing, notes };
}

/** A file that is made of cleaned texts only. */
function plainFile(name: string, from: string, text: string): SealedFile {
  return { name, from, text, bytes: Buffer.byteLength(text), masked: 0 };
}

/** One cause is told once, for everything that it keeps from being read. */
function byCause(missing: readonly Missing[]): readonly Missing[] {
  const groups = Map.groupBy(missing, ({ why }) => why);
  return [...groups].map(([why, all]) => ({ what: all.map(({ what }) => what).join('; '), why }));
}

function missingText(missing: readonly Missing[]): string {
  return missing.length === 0 ? 'Nothing is missing.\n' : missing.map(({ what, why }) => `${what}: ${why}\n`).join('');
}

function contentsText(cluster: string, files: readonly SealedFile[], notes: readonly string[]): string {
  const lines = files.map(
    ({ name, bytes, masked, from }) => `${name}: ${bytes} bytes, ${masked} masked, from ${from}\n`,
  );
  return [`Diagnosis of the cluster ${cluster}\n\n`, ...notes.map((note) => `${note}\n`), '\n', ...lines].join('');
}

function sealedPart({ name, from, content }: Part, redactor: Redactor): SealedFile {
  const text = typeof content === 'string' ? cleanedLines(content, redactor) : cleanedData(content, redactor);
  const masked = text.split(MASK).length - 1;
  return { name, from: visibleLine(cleaned(from, redactor)), text, bytes: Buffer.byteLength(text), masked };
}

function cleanedData(content: unknown, redactor: Redactor): string {
  let room = LONGEST_FILE;
  const clean = (text: string) => {
    room -= text.length;
    return text.length > LONGEST_TEXT || room < 0
      ? `[${text.length} characters left out]`
      : shortened(cleaned(text, redactor));
  };
  // What JSON leaves alone occurs only within texts, where an escape means the same.
  return `${visibleLines(JSON.stringify(maskNamed(content, clean), null, 2) ?? 'null')}\n`;
}

/** Line by line, as a pattern may take long on a long text; a private key is recognised across lines. */
function cleanedLines(content: string, redactor: Redactor): string {
  const clean = redactor.stream();
  const lines = withoutLongWords(lastLines(content).replace(COLOURS, '')).split(/\r?\n/);
  return lines.map((line) => visibleLines(maskStrictly(clean(line)))).join('\n');
}

function shortened(text: string): string {
  return text.length > SHOWN_TEXT ? `${text.slice(0, SHOWN_TEXT)} [more left out]` : text;
}

function cleaned(text: string, redactor: Redactor): string {
  return maskStrictly(redactor.clean(withoutLongWords(text.replace(COLOURS, ''))));
}

/**
 * Data in which every text is cleaned, and the values of fields whose names say that they are secret are masked, as well
 * as words that follow an option such as `--password`.
 */
function maskNamed(value: unknown, clean: (text: string) => string): unknown {
  if (typeof value === 'string') return clean(value);
  if (Array.isArray(value))
    return value.map((one: unknown, i): unknown => {
      const before: unknown = value[i - 1];
      const isValue = typeof one === 'string' && typeof before === 'string' && announcesSecret(before);
      return isValue ? MASK : maskNamed(one, clean);
    });
  if (typeof value === 'number') return clean(String(value)) === String(value) ? value : MASK;
  if (!isRecord(value)) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, one]) => {
      const hidden = isSecretName(key) && (typeof one === 'string' || typeof one === 'number');
      return [clean(key), hidden ? MASK : maskNamed(one, clean)];
    }),
  );
}

/** Whether a secret is still in a text, in one of the forms in which programs write it. */
function occurs(secret: Secret, text: string): boolean {
  const value = secret.reveal();
  const bytes = Buffer.from(value);
  const forms = [
    value,
    encodeURIComponent(value.toWellFormed()),
    bytes.toString('base64').replace(/.?=*$/, ''),
    bytes.toString('base64url').slice(0, -1),
    bytes.toString('hex'),
  ];
  return forms.some((form) => text.includes(form));
}
