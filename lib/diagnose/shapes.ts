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
const PUBLIC = /(?:host|public|repository)[_-]?key$|^(?:old)?pwd$/i;
const OPTION = new RegExp(`^-{1,2}[\\w.-]*(?:${NAMES})$`, 'i');
/** A quoted word, also one within JSON, or a bare one. */
const VALUE = `(?:(?<quote>\\\\?["'])(?<quoted>(?:(?!\\k<quote>)[^\\n])*)\\k<quote>|(?!(?:true|false|null)\\b)(?<bare>[^\\s"'\`,;&<>\\\\]+))`;

const shape = (before: string, value: string, flags = 'gi') => new RegExp(`(?<before>${before})${value}`, flags);

const SHAPES: readonly RegExp[] = [
  // --requirepass x, -db-password=x; also as words of a list in JSON.
  shape(`(?<![\\w-])-{1,2}[\\w.-]{0,60}(?:${NAMES})(?:["']?\\s*[=,]\\s*|["']?\\s+)`, VALUE),
  // password: x, password=x and ?token=x.
  shape(`(?<![A-Za-z])[\\w.-]{0,60}(?:${NAMES})\\\\?["']?\\s?[=:]\\s?`, VALUE),
  shape('(?:mysql|mariadb)[\\w-]*\\b[^\\n]*?\\s-p', '(?<bare>\\S+)'),
  shape('\\bsshpass\\b[^\\n]*?\\s-p\\s?', '(?<bare>\\S+)'),
  shape('\\bredis-cli\\b[^\\n]*?\\s-a\\s?', '(?<bare>\\S+)'),
  shape('\\bcurl\\b[^\\n]*?\\s(?:-u|--user)[ =]?', '(?<bare>\\S+)'),
  // Hashes of passwords, as in htpasswd and shadow files. Source: crypt(5).
  shape('', '(?<bare>\\$(?:apr1|1|2[abxy]|5|6|7|y|gy|argon2(?:id|i|d))\\$[\\w./$=,+-]{8,})', 'g'),
];

/** A text without anything that has the shape of a secret, rather too much than too little. */
export function maskStrictly(text: string): string {
  return SHAPES.reduce((masked, pattern) => {
    return masked.replace(pattern, (...match: unknown[]) => {
      const { before = '', quote = '' } = groupsOf(match.at(-1));
      return `${before}${quote}${MASK}${quote}`;
    });
  }, maskSecrets(text));
}

/** The values in a text that have the shape of a secret: they may occur elsewhere without it. */
export function secretsIn(text: string): readonly string[] {
  return SHAPES.flatMap((pattern) => [...text.matchAll(pattern)]).flatMap(({ groups }) => {
    const { quoted, bare } = groupsOf(groups);
    return quoted ?? bare ?? [];
  });
}

function groupsOf(groups: unknown): Readonly<Record<string, string | undefined>> {
  const of: Record<string, string | undefined> = {};
  return typeof groups === 'object' && groups !== null ? { ...of, ...groups } : of;
}

/** Whether a field, variable or header of this name has a secret value. */
export function isSecretName(name: string): boolean {
  return !PUBLIC.test(name) && FIELDS.some((pattern) => pattern.test(name));
}

/** Whether the word after this one is secret: `--password`. */
export function announcesSecret(word: string): boolean {
  return OPTION.test(word);
}
