/** Durations and sizes as Go reads and prints them. Sources: time.ParseDuration, Duration.String; go-units, RAMInBytes. */

const NS: Readonly<Record<string, bigint>> = {
  ns: 1n,
  us: 1000n,
  µs: 1000n,
  μs: 1000n,
  ms: 1_000_000n,
  s: 1_000_000_000n,
  m: 60_000_000_000n,
  h: 3_600_000_000_000n,
};
const NUMBER = String.raw`(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)`;
/** The forms of durations and sizes that aren't below zero, for editors: what `readDuration` and `readSize` read has them. */
export const DURATION_FORM: RegExp = new RegExp(`^(?:0|(?:${NUMBER}(?:ns|us|µs|μs|ms|s|m|h))+)$`);
export const SIZE_FORM: RegExp = new RegExp(`^${NUMBER} ?(?:[kKmMgGtTpP](?:[iI]?[bB])?|[bB])?$`);

const PART = /(?:([0-9]+)(?:\.([0-9]*))?|\.([0-9]+))(ns|us|µs|μs|ms|s|m|h)/y;
const MAX = 2n ** 63n;
/** Beyond these digits a number doesn't fit 64 bits anyway, or doesn't count. */
const LONGEST = 1000;

/** A duration such as 1m30s in nanoseconds. Undefined if Go refuses it. */
export function readDuration(text: string): bigint | undefined {
  if (text.length > LONGEST) return undefined;
  const [, sign = '', rest = ''] = /^([-+]?)(.*)$/s.exec(text) ?? [];
  if (rest === '0') return 0n;
  if (rest === '') return undefined;
  let total = 0n;
  PART.lastIndex = 0;
  while (PART.lastIndex < rest.length) {
    const [, whole = '0', after, only, unit = ''] = PART.exec(rest) ?? [];
    if (unit === '') return undefined;
    const scale = NS[unit] ?? 0n;
    const fraction = after ?? only ?? '';
    const part = fraction === '' ? 0n : BigInt(Math.trunc(fractionOf(fraction, Number(scale))));
    total += BigInt(whole) * scale + part;
    if (total > MAX) return undefined;
  }
  if (sign === '-') return -total;
  return total === MAX ? undefined : total;
}

/** As Go computes it: with the digits that fit 63 bits, in floating point. */
function fractionOf(digits: string, unit: number): number {
  let value = 0n;
  let scale = 1;
  for (const digit of digits) {
    const next = value * 10n + BigInt(digit);
    if (next >= MAX) break;
    value = next;
    scale *= 10;
  }
  return Number(value) * (unit / scale);
}

/** As Go prints a duration: 1m30s, 1.5s, 100ms. */
export function durationText(ns: bigint): string {
  if (ns === 0n) return '0s';
  const sign = ns < 0n ? '-' : '';
  const size = ns < 0n ? -ns : ns;
  if (size < 1_000_000_000n) {
    const unit = size < 1000n ? 'ns' : size < 1_000_000n ? 'µs' : 'ms';
    return `${sign}${decimal(size, NS[unit] ?? 1n)}${unit}`;
  }
  const hours = size / 3_600_000_000_000n;
  const minutes = (size / 60_000_000_000n) % 60n;
  const seconds = decimal(size % 60_000_000_000n, 1_000_000_000n);
  const minutesText = hours > 0n || minutes > 0n ? `${minutes}m` : '';
  return `${sign}${hours > 0n ? `${hours}h` : ''}${minutesText}${seconds}s`;
}

function decimal(value: bigint, scale: bigint): string {
  const digits = String(scale).length - 1;
  const rest =
    digits === 0
      ? ''
      : String(value % scale)
          .padStart(digits, '0')
          .replace(/0+$/, '');
  return rest === '' ? String(value / scale) : `${value / scale}.${rest}`;
}

const UNITS = 'kmgtp';

/** A size such as 512M in bytes; units are powers of 1024. Undefined if Docker refuses it. */
export function readSize(text: string): bigint | undefined {
  if (text.length > LONGEST) return undefined;
  const [, number = '', unit = ''] = /^(.*[0-9.]) ?([^0-9. ]*)$/s.exec(text) ?? /^(.*) ()$/s.exec(text) ?? [];
  if (!/^[-+]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][-+]?[0-9]+)?$/.test(number)) return undefined;
  const value = Number(number);
  if (value < 0 || !Number.isFinite(value)) return undefined;
  const [, prefix = ''] = /^([kmgtp]?)(?:b|ib)?$/i.exec(unit) ?? [];
  if (unit !== '' && (!/^(?:[kmgtp](?:i?b)?|b)$/i.test(unit) || unit.length > 3)) return undefined;
  const bytes = prefix === '' ? value : value * 1024 ** (UNITS.indexOf(prefix.toLowerCase()) + 1);
  // A float that an int64 can't hold becomes the smallest one on amd64.
  return bytes >= 2 ** 63 ? -MAX : BigInt(Math.trunc(bytes));
}
