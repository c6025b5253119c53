import { Float, type Value } from '../values.ts';
import { readTimestamp } from './timestamp.ts';

/** Plain scalars as gopkg.in/yaml.v3 resolves them: YAML 1.1 numbers, but only true and false as booleans. */

type Tag = 'str' | 'int' | 'float' | 'bool' | 'null' | 'timestamp';

export interface Scalar {
  /** The tag without `tag:yaml.org,2002:`; or a local tag, such as `!x`. */
  readonly tag: string;
  readonly value: Value;
}

const WORDS: ReadonlyMap<string, Scalar> = new Map([
  ...['true', 'True', 'TRUE'].map((word) => [word, { tag: 'bool', value: true }] as const),
  ...['false', 'False', 'FALSE'].map((word) => [word, { tag: 'bool', value: false }] as const),
  ...['', '~', 'null', 'Null', 'NULL'].map((word) => [word, { tag: 'null', value: null }] as const),
  ...['.nan', '.NaN', '.NAN'].map((word) => [word, float(Number.NaN)] as const),
  ...['.inf', '.Inf', '.INF', '+.inf', '+.Inf', '+.INF'].map((word) => [word, float(Infinity)] as const),
  ...['-.inf', '-.Inf', '-.INF'].map((word) => [word, float(-Infinity)] as const),
]);

const RESOLVABLE: ReadonlySet<string> = new Set<Tag>(['str', 'int', 'float', 'bool', 'null', 'timestamp']);
const INT64 = { min: -(2n ** 63n), max: 2n ** 63n - 1n };
const UINT64_MAX = 2n ** 64n - 1n;
const FLOAT = /^[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?$/;
/** What Go's ParseFloat reads after a leading dot: underscores may separate digits. */
const DOT_FLOAT = /^\.[0-9]+(?:_[0-9]+)*(?:[eE][-+]?[0-9]+(?:_[0-9]+)*)?$/;

/**
 * The value of a scalar.
 *
 * @param tag an explicit tag; `str` for a quoted scalar
 * @returns undefined when the text doesn't have the tag's form
 */
export function resolveScalar(text: string, tag = ''): Scalar | undefined {
  if (tag === 'binary') return fromBase64(text);
  if (tag !== '' && !RESOLVABLE.has(tag)) return { tag, value: text };
  if (tag === 'str') return { tag, value: text };
  const found = plain(text, tag === '' || tag === 'timestamp');
  if (tag === '' || tag === found.tag) return found;
  return tag === 'float' && found.tag === 'int' ? float(Number(found.value)) : undefined;
}

function plain(text: string, maybeTime: boolean): Scalar {
  const word = WORDS.get(text);
  if (word) return word;
  const string = { tag: 'str', value: text };
  if (text.startsWith('.')) {
    if (!DOT_FLOAT.test(text)) return string;
    const value = Number(text.replaceAll('_', ''));
    return Number.isFinite(value) ? float(value) : string;
  }
  if (!/^[-+0-9]/.test(text)) return string;
  const moment = maybeTime ? readTimestamp(text) : undefined;
  if (moment) return { tag: 'timestamp', value: moment };
  const digits = text.replaceAll('_', '');
  const integer = readInteger(digits);
  if (integer !== undefined) return { tag: 'int', value: integer };
  if (!FLOAT.test(digits)) return string;
  const value = Number(digits);
  return Number.isFinite(value) ? float(value) : string;
}

function float(value: number): Scalar {
  return { tag: 'float', value: new Float(value) };
}

/** An integer in Go's notation: 0777 and 0o777 are octal. Undefined beyond 64 bits. Source: strconv, ParseInt. */
function readInteger(text: string): number | bigint | undefined {
  const [, sign = '', digits = ''] = /^([-+]?)(.*)$/s.exec(text) ?? [];
  const octal = /^0[0-7]+$/.test(digits) ? `0o${digits.slice(1)}` : digits;
  if (!/^(?:[1-9][0-9]*|0|0[xX][0-9a-fA-F]+|0[oO][0-7]+|0[bB][01]+)$/.test(octal)) return undefined;
  if (octal.length > LONGEST_INTEGER) return undefined;
  const size = BigInt(octal);
  const value = sign === '-' ? -size : size;
  const max = sign === '' ? UINT64_MAX : INT64.max;
  if (value < INT64.min || value > max) return undefined;
  return Number.isSafeInteger(Number(value)) ? Number(value) : value;
}

/** More digits than any 64-bit number has without leading zeros in excess; a limit for hostile input. */
const LONGEST_INTEGER = 4096;

function fromBase64(text: string): Scalar | undefined {
  const compact = text.replace(/[\r\n]/g, '');
  if (!/^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/.test(compact)) return undefined;
  return { tag: 'binary', value: Buffer.from(compact, 'base64').toString() };
}
