import { isObject } from '../semantic-equal.ts';
import { asList, text, type Json, type JsonObject } from './field.ts';

/** Values of the Engine API in the words of a cluster file. */

const NANOSECONDS = [
  ['h', 3600e9],
  ['m', 60e9],
  ['s', 1e9],
  ['ms', 1e6],
] as const;

/** "1m30s"; undefined for none. */
export function durationText(nanoseconds: Json): string | undefined {
  if (typeof nanoseconds !== 'number' || nanoseconds < 0) return undefined;
  if (nanoseconds === 0) return '0s';
  let left = nanoseconds;
  const parts = NANOSECONDS.flatMap(([unit, size]) => {
    // Shorter times than a millisecond are fractions of one.
    const count = unit === 'ms' ? left / size : Math.floor(left / size);
    left -= count * size;
    return count === 0 ? [] : `${count}${unit}`;
  });
  return parts.join('');
}

/** "512MiB"; a size that is no multiple of 1024 can't be written. */
export function bytesText(bytes: Json): string | undefined {
  if (typeof bytes !== 'number' || bytes === 0) return undefined;
  for (const [unit, size] of [
    ['GiB', 2 ** 30],
    ['MiB', 2 ** 20],
    ['KiB', 2 ** 10],
  ] as const)
    if (bytes % size === 0) return `${bytes / size}${unit}`;
  return `${bytes}`;
}

/** An object without undefined and empty values; undefined if nothing is left. */
export function compact(value: Readonly<Record<string, Json>>): JsonObject | undefined {
  const entries = Object.entries(value).filter(
    ([, one]) => one !== undefined && one !== null && one !== '' && !(isObject(one) && Object.keys(one).length === 0),
  );
  return entries.length === 0 ? undefined : Object.fromEntries(entries);
}

/** Entries such as A=1 as a map; an entry without a value removes the image's variable. */
export function pairs(list: Json): JsonObject {
  return Object.fromEntries(
    asList(list).map((entry): [string, Json] => {
      const [name = '', value] = text(entry).split(/=(.*)/s);
      return [name, value ?? null];
    }),
  );
}

export const cpus = (nano: Json): number | undefined => (typeof nano === 'number' && nano > 0 ? nano / 1e9 : undefined);

/** The mode of a file, octal; undefined for none. */
export function modeText(mode: Json): string | undefined {
  return typeof mode === 'number' && mode > 0 ? `0${mode.toString(8)}` : undefined;
}

/** Lines of /etc/hosts as a map of names; a name with several addresses has a list. */
export function hosts(value: Json): JsonObject {
  const lines = asList(value).flatMap((line) => {
    const [address = '', ...names] = text(line).split(/\s+/);
    return names.map((name) => ({ name, address }));
  });
  const byName = Map.groupBy(lines, ({ name }) => name);
  return Object.fromEntries(
    [...byName].map(([name, all]) => [name, all.length === 1 ? all[0]?.address : all.map(({ address }) => address)]),
  );
}
