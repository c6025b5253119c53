import type { Secret } from '../util/secret.ts';

/** Secrets that no record may contain, from any source: join tokens, unlock keys, private keys. */
const PATTERNS = [
  /SWMTKN-[0-9]+-[0-9a-z]+-[0-9a-z]+/g,
  /SWMKEY-[0-9]+-[0-9A-Za-z+/=]+/g,
  /-----BEGIN [A-Z ]*PRIVATE KEY-----[^]*?(-----END [A-Z ]*PRIVATE KEY-----|$)/g,
] as const;

/** Removes secrets from texts as a second safety net: normally none get that far, as secrets are passed as `Secret`. */
export class Redactor {
  readonly #values = new Set<string>();

  add(secret: Secret): void {
    const value = secret.reveal();
    if (value !== '') this.#values.add(value);
  }

  clean(text: string): string {
    let cleaned = text;
    for (const pattern of PATTERNS) cleaned = cleaned.replace(pattern, '***');
    for (const value of this.#values) {
      cleaned = cleaned.replaceAll(value, '***');
      // In its form inside a JSON text.
      const quoted = JSON.stringify(value).slice(1, -1);
      if (quoted !== value) cleaned = cleaned.replaceAll(quoted, '***');
    }
    return cleaned;
  }
}
