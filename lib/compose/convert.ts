import { Exact, Float, isDict, isInteger, isList, kindOf, sprint, Timestamp, type Value } from './values.ts';
import { shown, type Wrong } from './validate.ts';
import type { Path } from './yaml/read.ts';

/**
 * Converters of single values to what `docker stack config` prints. Undefined is Go's zero value, which isn't printed.
 * The schema has been checked before; what is reported here is refused by Docker's decoder after it.
 */

/** A value in a file, and where mistakes in it are reported. */
export interface At {
  readonly value: Value;
  readonly path: Path;
  readonly wrong: Wrong;
}

export type Convert<T> = (at: At) => T | undefined;

/** The value of a key. Like Docker's decoder, ignores case where the schema has let the key pass. */
export function member({ value, path, wrong }: At, key: string): At | undefined {
  if (!isDict(value)) return undefined;
  const exact = value.has(key) ? key : [...value.keys()].find((one) => one.toLowerCase() === key.toLowerCase());
  if (exact === undefined) return undefined;
  return { value: value.get(exact) ?? null, path: [...path, exact], wrong };
}

/** An object of the given keys, without those that are undefined. */
export function fields<T extends object>(at: At, converters: { readonly [K in keyof T]-?: Convert<T[K]> }): T {
  rejectDate(at);
  const entries = Object.entries<Convert<unknown>>(converters).map(([key, convert]) => {
    const one = member(at, key);
    return [key, one && one.value !== null ? convert(one) : undefined] as const;
  });
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- each key has the converter of its own type
  return objectOf(entries) as T;
}

/** An object of the entries that aren't undefined. A key such as `__proto__` is like any other. */
export function objectOf<T>(entries: Iterable<readonly [string, T | undefined]>): Record<string, T> {
  const present = [...entries].filter((entry): entry is readonly [string, T] => entry[1] !== undefined);
  return Object.fromEntries(present);
}

/** Undefined for an object without keys: Go's zero value of a struct. */
export function orNone<T extends object>(object: T): T | undefined {
  return Object.keys(object).length === 0 ? undefined : object;
}

/** A value that is printed even if it has no keys: a pointer in Go. */
export function structure<T extends object>(converters: { readonly [K in keyof T]-?: Convert<T[K]> }): Convert<T> {
  return (at) => fields<T>(at, converters);
}

/** A value that isn't printed without keys: a plain struct in Go. */
export function plainStructure<T extends object>(converters: { readonly [K in keyof T]-?: Convert<T[K]> }): Convert<T> {
  return (at) => orNone(fields<T>(at, converters));
}

export const text: Convert<string> = (at) => {
  const { value, path, wrong } = at;
  if (typeof value === 'string') return value === '' ? undefined : value;
  if (!rejectDate(at)) wrong(path, `${shown(path)} is ${kindOf(value)}`, TEXT);
  return undefined;
};

const TEXT = 'expected a text: quote it';

/** Reports a date, which the schema takes for a text, and the decoder for neither a text nor anything else. */
function rejectDate({ value, path, wrong }: At): boolean {
  if (!(value instanceof Timestamp)) return false;
  wrong(path, `${shown(path)} is a date`, TEXT);
  return true;
}

/** True; false isn't printed. */
export const flag: Convert<boolean> = (at) => boolean(at) || undefined;

export const boolean: Convert<boolean> = ({ value, path, wrong }) => {
  if (typeof value === 'boolean') return value;
  wrong(path, `${shown(path)} is ${kindOf(value)}`, 'expected true or false');
  return undefined;
};

/** The items of a list, each with its place. */
export function items(at: At): readonly At[] {
  rejectDate(at);
  const { value, path, wrong } = at;
  return isList(value) ? value.map((item, i) => ({ value: item, path: [...path, i], wrong })) : [];
}

export function listOf<T>(convert: Convert<T>): Convert<readonly T[]> {
  return (at) => {
    const found = items(at).flatMap((item) => convert(item) ?? []);
    return found.length === 0 ? undefined : found;
  };
}

/** A list of texts; an empty text is a text. */
export const texts: Convert<readonly string[]> = listOf((at) => (at.value === '' ? '' : text(at)));

export const textOrTexts: Convert<readonly string[]> = (at) => (typeof at.value === 'string' ? [at.value] : texts(at));

/** Any items as texts. */
export const printed: Convert<readonly string[]> = listOf(({ value }) => sprint(value));

/** A mapping or a list of `key=value`; a key without a value has an empty text. */
export const pairs: Convert<Record<string, string>> = (at) =>
  orNone(objectOf([...pairsOf(at)].map(([key, value]) => [key, value ?? ''])));

/** The same, where a key without a value is null. */
export const pairsOrNull: Convert<Record<string, string | null>> = (at) => orNone(objectOf(pairsOf(at)));

export function pairsOf(at: At): ReadonlyMap<string, string | null> {
  if (isDict(at.value))
    return new Map([...at.value].map(([key, value]) => [key, value === null ? null : sprint(value)]));
  const found = new Map<string, string | null>();
  for (const item of items(at)) {
    const line = item.value === '' ? '' : text(item);
    if (line === undefined) continue;
    const split = line.indexOf('=');
    if (split === -1) found.set(line, null);
    else found.set(line.slice(0, split), line.slice(split + 1));
  }
  return found;
}

/** HOST:ADDRESS from a mapping, sorted; or from a list of HOST=ADDRESS or HOST:ADDRESS. */
export const hosts: Convert<readonly string[]> = (at) => {
  const lines = isDict(at.value)
    ? [...at.value].flatMap(([host, value]) => (value === null ? [] : `${host}:${verb(value)}`)).toSorted()
    : items(at).flatMap(({ value }) => hostLine(sprint(value)) ?? []);
  const found = lines.map((line) => line.replace(/^([^:]*):\[(.+)\]$/s, '$1:$2'));
  return found.length === 0 ? undefined : found;
};

/** HOST:ADDRESS, separated by the first equals sign, or else by the first colon; a line with neither is ignored. */
function hostLine(line: string): string | undefined {
  if (line.includes('=')) return line.replace('=', ':');
  return line.includes(':') ? line : undefined;
}

/** As Go's `%s` prints what isn't a text. */
function verb(value: Value): string {
  if (value instanceof Float) return `%!s(float64=${sprint(value)})`;
  if (!isInteger(value)) return sprint(value);
  return `%!s(${BigInt(value) < 2n ** 63n ? 'int' : 'uint64'}=${sprint(value)})`;
}

/** The `x-` keys of a mapping, as plain data. */
export function extensions({ value }: Pick<At, 'value'>): Record<string, unknown> {
  if (!isDict(value)) return {};
  const own = [...value].filter(([key]) => key.startsWith('x-')).toSorted(([a], [b]) => (a < b ? -1 : 1));
  return Object.fromEntries(own.map(([key, one]) => [key, plainData(one)]));
}

function plainData(value: Value): unknown {
  if (isList(value)) return value.map(plainData);
  if (isDict(value)) return Object.fromEntries([...value].map(([key, one]) => [key, plainData(one)]));
  if (value instanceof Float) return new Exact(sprint(value), value.value);
  if (value instanceof Timestamp) return new Exact(value.rfc3339, value.rfc3339);
  return typeof value === 'bigint' ? new Exact(String(value), Number(value)) : value;
}
