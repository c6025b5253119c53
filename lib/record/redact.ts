import { quote } from '../util/shell-quote.ts';
import type { Secret } from '../util/secret.ts';
import { isInPrivateKey, MASK, maskSecrets } from '../util/secret-shapes.ts';
import { SwarmupError } from '../util/errors.ts';

/** The base64 of shorter texts occurs by chance. */
const SHORTEST = 6;

/**
 * Removes secrets from texts as a second safety net: normally none get that far, as secrets are passed as `Secret`.
 * Known values are found in every form that programs give them, and unknown ones by their shape.
 */
export class Redactor {
  readonly #values = new Set<string>();
  /** Longest first: a form may contain another one. */
  #forms: readonly string[] = [];
  /** Words that contain a value in base64, by what they contain. */
  #encoded: readonly (readonly [core: string, word: RegExp])[] = [];

  add(secret: Secret): void {
    const value = secret.reveal();
    if (value === '' || this.#values.has(value)) return;
    this.#values.add(value);
    const all = [...this.#values];
    const longFirst = (a: string, b: string) => b.length - a.length;
    this.#forms = [...new Set(all.flatMap(formsOf))].sort(longFirst);
    this.#encoded = [...new Set(all.flatMap(inBase64))].sort(longFirst).map((core) => [core, wordWith(core)] as const);
  }

  clean(text: string): string {
    const known = this.#forms.reduce((cleaned, form) => cleaned.replaceAll(form, MASK), text);
    // The pattern takes long on a long word, of which few contain a value.
    const encoded = this.#encoded.filter(([core]) => known.includes(core));
    return maskSecrets(encoded.reduce((cleaned, [, word]) => cleaned.replace(word, MASK), known));
  }

  /** Data with every text in it cleaned, also in the names of fields; errors become plain objects. */
  cleanAll<T>(value: T): T {
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- texts stay texts
    return this.#cleaned(value) as T;
  }

  #cleaned(value: unknown): unknown {
    if (typeof value === 'string') return this.clean(value);
    if (value instanceof SwarmupError) return this.#cleaned(value.toJSON());
    if (Array.isArray(value)) return value.map((one) => this.#cleaned(one));
    if (typeof value !== 'object' || value === null || 'toJSON' in value) return value;
    return Object.fromEntries(Object.entries(value).map(([key, one]) => [this.clean(key), this.#cleaned(one)]));
  }

  /**
   * Cleans texts that follow each other, such as the lines of a stream: a private key may begin in one and end in
   * another.
   */
  stream(): (text: string) => string {
    let inKey = false;
    return (text) => {
      const whole = inKey ? `-----BEGIN PRIVATE KEY-----\n${text}` : text;
      inKey = isInPrivateKey(text, inKey);
      return this.clean(whole);
    };
  }
}

/** The forms of a value in JSON, addresses, forms, shells, and on lines of its own. */
function formsOf(value: string): string[] {
  const lines = value.split(/\r?\n/).filter((line) => line.trim().length >= 16);
  const quoted = JSON.stringify(value).slice(1, -1);
  const encoded = encodeURIComponent(value.toWellFormed());
  return [
    value,
    quoted,
    JSON.stringify(quoted).slice(1, -1),
    quote([value]).replace(/^'|'$/g, ''),
    encoded,
    new URLSearchParams({ value }).toString().slice('value='.length),
    encodeURIComponent(encoded),
    value.replace(/[!'()*]/g, (one) => `%${one.charCodeAt(0).toString(16).toUpperCase()}`),
    ...(value.length < SHORTEST ? [] : [Buffer.from(value).toString('hex')]),
    value.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;'),
    ...(lines.length > 1 ? lines.map((line) => line.trim()) : []),
  ];
}

/**
 * The characters of base64 that depend on the value alone, wherever in the encoded text it is: as in `user:password`.
 */
function inBase64(value: string): string[] {
  if (value.length < SHORTEST) return [];
  return [0, 1, 2].flatMap((offset) => {
    const bytes = Buffer.concat([Buffer.alloc(offset), Buffer.from(value)]);
    const first = Math.ceil((offset * 8) / 6);
    const core = bytes.toString('base64').slice(first, Math.floor((bytes.length * 8) / 6));
    return [core, core.replaceAll('+', '-').replaceAll('/', '_')];
  });
}

function wordWith(core: string): RegExp {
  // eslint-disable-next-line unicorn/prefer-string-raw -- a class, with a backslash for each of its special characters
  const escaped = core.replace(/[+/]/g, '\\$&');
  return new RegExp(`[A-Za-z0-9+/_-]*${escaped}[A-Za-z0-9+/_-]*=*`, 'g');
}
