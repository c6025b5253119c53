/** What stands for a secret. */
export const MASK = '***';

/** The beginning and the end of a private key in PEM or OpenSSH form. */
const BEGIN = '-----BEGIN [A-Z0-9 ]*PRIVATE KEY(?: BLOCK)?-----';
const END = '-----END [A-Z0-9 ]*PRIVATE KEY(?: BLOCK)?-----';
/** A word of a value: up to a blank, a quote or a bracket. */
const WORD = '[^\\s"\'`<>,;&]+';
/** The beginning of a quoted value, also of one that is quoted once more for a shell. */
const QUOTE = `(?:'\\\\''|\\\\?["'])?`;
/** Names of fields and variables whose value is a secret. */
const NAMES = [
  '[\\w.-]*(?:passwd|password|passphrase|secret[_-]?access[_-]?key|session[_-]?token|api[_-]?key|auth[_-]?token)',
  '(?:access|bearer|identity|registry|refresh|join)[_-]?token',
  '[\\w.-]*(?<![A-Za-z])secret',
  'unlock[_-]?key|jwt|auth',
].join('|');

interface Shape {
  readonly pattern: RegExp;
  readonly by: string;
}

const shape = (pattern: string, by = MASK, flags = 'g'): Shape => ({ pattern: new RegExp(pattern, flags), by });

/**
 * The shapes of secrets that say themselves what they are. Sources: RFC 7468 and PROTOCOL.key (private keys), SwarmKit
 * (tokens and unlock keys), RFC 7235 and 6265 (headers), RFC 7519 (JWT), Docker's config.json, the IAM user guide
 * ("Unique identifiers"), and the documentation of GitHub, GitLab, Docker Hub and Portainer.
 */
const SHAPES: readonly Shape[] = [
  shape(`${BEGIN}[^]*?(?:${END}|$)`),
  // A text that begins in the middle of a key: the last lines of an output.
  shape(`(?:[A-Za-z0-9+/=\\s]|\\\\[nr])*${END}`),
  shape('\\bAGE-SECRET-KEY-(?:PQ-)?1[0-9A-Z]+'),
  shape('\\bSWMTKN-[0-9]+-[0-9a-z]+-[0-9a-z]+'),
  shape('\\bSWMKEY-[0-9]+-[0-9A-Za-z+/=]+'),
  shape('\\beyJ[\\w-]{6,}\\.[\\w-]{4,}(?:\\.[\\w-]*)?'),
  shape('\\b(?:AKIA|ASIA)[A-Z0-9]{16}\\b'),
  shape('\\b(?:gh[pousr]_|github_pat_|glpat-|dckr_pat_|ptr_)[\\w=+/-]{16,}'),
  shape(
    `((?:proxy-)?authorization\\\\?["']?\\s*[:=]\\s*${QUOTE})(?:(?:basic|bearer|digest|negotiate)\\s+)?${WORD}`,
    `$1${MASK}`,
    'gi',
  ),
  shape(
    `((?:set-cookie|cookie|x-registry-auth|x-registry-config|x-api-key)\\\\?["']?\\s*:\\s*\\\\?["']?)${WORD}`,
    `$1${MASK}`,
    'gi',
  ),
  // In JSON, also in JSON within a string.
  shape(`(\\\\?"(?:${NAMES})\\\\?"\\s*:\\s*\\\\?")(?:[^"\\\\]|\\\\(?!"|$).|\\\\"(?!\\s*[,}\\]]))*`, `$1${MASK}`, 'gi'),
  // As a variable, an INI key or an option.
  shape(`((?<![A-Za-z])(?:${NAMES})\\s?=\\s?${QUOTE})${WORD}`, `$1${MASK}`, 'gi'),
  shape(`(--(?:password|token|secret|passphrase)[= ]${QUOTE})${WORD}`, `$1${MASK}`, 'gi'),
];

/**
 * User and password in an address. A password may contain `@` and `/`, so everything up to the last `@` of the word is
 * masked, unless it is the path of an address without a port (`http://mirror/x@y`) or a digest (`https://r.test/app@sha256:...`).
 */
const ADDRESS = /([a-z][a-z0-9+.-]*:\/\/)([^\s"`<>]*)@(?!sha(?:256|384|512):)/gi;
const PLAIN_PATH = /^(?:[\w.-]+|\[[0-9a-f:]+\])[/?#][^:]*$/i;

export function maskUserinfo(text: string): string {
  return text.replace(ADDRESS, (whole, scheme: string, before: string) =>
    PLAIN_PATH.test(before) ? whole : `${scheme}${MASK}@`,
  );
}

/** The text without anything that has the shape of a secret. */
export function maskSecrets(text: string): string {
  return SHAPES.reduce((masked, { pattern, by }) => masked.replace(pattern, by), maskUserinfo(text));
}

/** Whether a private key begins in this text and doesn't end in it; if one only ends in it, false. */
export function isInPrivateKey(text: string, before: boolean): boolean {
  const begun = text.lastIndexOf('PRIVATE KEY') >= 0 ? lastOf(text) : undefined;
  return begun === undefined ? before : begun;
}

function lastOf(text: string): boolean | undefined {
  const marks = [...text.matchAll(new RegExp(`${BEGIN}|${END}`, 'g'))];
  return marks.at(-1)?.[0].startsWith('-----BEGIN');
}
