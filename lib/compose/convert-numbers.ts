import { durationText, readDuration, readSize } from '../util/go-units.ts';
import { shown } from './validate.ts';
import { isInteger, kindOf, numberOf, sprint } from './values.ts';
import type { Convert } from './convert.ts';

/** Numbers, durations and sizes as Docker prints them. */

/** A whole number: fractions are cut off, as Go does. */
function whole(least: bigint, bits: number | undefined): Convert<number> {
  return ({ value, path, wrong }) => {
    const number = isInteger(value) ? BigInt(value) : BigInt(Math.trunc(numberOf(value) ?? 0));
    if (numberOf(value) === undefined || number < least) {
      wrong(
        path,
        `${shown(path)} is ${sprint(value)}`,
        `expected a whole number${least === 0n ? ', not below zero' : ''}`,
      );
      return undefined;
    }
    return Number(bits === undefined ? number : BigInt.asUintN(bits, number));
  };
}

/** A number that is printed even if it is zero. */
export const unsigned: Convert<number> = whole(0n, undefined);
export const unsigned32: Convert<number> = whole(0n, 32);
export const signed: Convert<number> = whole(-(2n ** 64n), undefined);

/** The same, but zero isn't printed. */
export function nonZero(convert: Convert<number>): Convert<number> {
  return (at) => convert(at) || undefined;
}

/** A ratio with the precision of Go's float32. */
export const ratio: Convert<number> = ({ value, path, wrong }) => {
  const number = numberOf(value);
  if (number === undefined) {
    wrong(path, `${shown(path)} is ${kindOf(value)}`, 'expected a number');
    return undefined;
  }
  return shortestFloat32(number) || undefined;
};

/** The shortest decimal that identifies a float32. */
function shortestFloat32(value: number): number {
  const single = Math.fround(value);
  for (let digits = 1; digits <= 9; digits++) {
    const candidate = Number(single.toPrecision(digits));
    if (Math.fround(candidate) === single) return candidate;
  }
  return single;
}

export const duration: Convert<string> = ({ value, path, wrong }) => {
  const ns = typeof value === 'string' ? readDuration(value) : undefined;
  if (ns !== undefined) return durationText(ns);
  wrong(path, `'${sprint(value)}' is not a duration`, 'expected a duration with units, such as 30s or 1m30s');
  return undefined;
};

/** A duration that isn't printed if it is zero. */
export const nonZeroDuration: Convert<string> = (at) => {
  const found = duration(at);
  return found === '0s' ? undefined : found;
};

export const size: Convert<string> = ({ value, path, wrong }) => {
  const bytes = typeof value === 'string' ? readSize(value) : undefined;
  if (bytes !== undefined) return bytes === 0n ? undefined : String(bytes);
  wrong(path, `'${sprint(value)}' is not a size`, 'expected a size such as 512M or 2g');
  return undefined;
};
