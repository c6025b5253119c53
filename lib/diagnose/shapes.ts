import { MASK, maskSecrets } from '../util/secret-shapes.ts';

/**
 * Names of fields, variables and options whose value is secret. Wider than in lib/util/secret-shapes.ts: a record stays
 * on this computer and must be readable, a diagnosis is passed on.
 */
const NAMES =
  'pass(?:wd|word|phrase|wort)?|pwd|secret|token|credentials?|api[_-]?key|access[_-]?key|secret[_-]?key|private[_-]?key|' +
  'signing[_-]?key|encryption[_-]?key|unlock[_-]?key|license[_-]?key|auth|authorization|jwt|cookie|dsn|sig|signature';
const FIELDS = [
  new RegExp(`^(?:.*[^a-z])?(?:${NAMES})$`, 'i'),
  /(?:password|passwd|passphrase|secret|token|credentials?|apikey|[_-]key)$/i,
  /(?:[a-z](?:Pass|Auth|Key|Dsn)|PASS)$/,
];
/** Names that end like those of secrets and whose values are public. */
const PUBLIC = /(?:host|public|repository)[_-]?key$/i;
const OPTION = new RegExp(`^-{1,2}[\\w.-]*(?:${NAMES})$`, 'i');
/** A quoted word, also one within JSON, or a bare one. */
const VALUE = `(?:(\\\\?["'])(?:(?!\\2)[^\\n])*\\2|(?!(?:true|false|null)\\b)[^\\s"'\`,;&<>\\\\]+)`;

const SHAPES: readonly (readonly [RegExp, string])[] = [
  // --requirepass x, -db-password=x; also as words of a list in JSON.
  [new RegExp(`((?<![\\w-])-{1,2}[\\w.-]*(?:${NAMES})(?:["']?\\s*[=,]\\s*|["']?\\s+))${VALUE}`, 'gi'), `$1$2${MASK}$2`],
  // password: x, password=x and ?token=x.
  [new RegExp(`((?<![A-Za-z])[\\w.-]*(?:${NAMES})\\\\?["']?\\s?[=:]\\s?)${VALUE}`, 'gi'), `$1$2${MASK}$2`],
  [/((?:mysql|mariadb)[\w-]*\b[^\n]*?\s-p)\S+/gi, `$1${MASK}`],
  [/(\bsshpass\b[^\n]*?\s-p\s?)\S+/gi, `$1${MASK}`],
  [/(\bredis-cli\b[^\n]*?\s-a\s?)\S+/gi, `$1${MASK}`],
  [/(\bcurl\b[^\n]*?\s(?:-u|--user)[ =]?)\S+/gi, `$1${MASK}`],
  // Hashes of passwords, as in htpasswd and shadow files. Source: crypt(5).
  [/\$(?:apr1|1|2[abxy]|5|6|7|y|gy|argon2(?:id|i|d))\$[\w./$=,+-]{8,}/g, MASK],
];

/** A text without anything that has the shape of a secret, rather too much than too little. */
export function maskStrictly(text: string): string {
  return SHAPES.reduce((masked, [pattern, by]) => masked.replace(pattern, by), maskSecrets(text));
}

/** Whether a field, variable or header of this name has a secret value. */
export function isSecretName(name: string): boolean {
  return !PUBLIC.test(name) && FIELDS.some((pattern) => pattern.test(name));
}

/** Whether the word after this one is secret: `--password`. */
export function announcesSecret(word: string): boolean {
  return OPTION.test(word);
}
