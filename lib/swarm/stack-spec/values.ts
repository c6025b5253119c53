/** How Docker writes values in Compose files, as the Engine API has them. */

const NANOSECONDS = { ns: 1, us: 1e3, µs: 1e3, μs: 1e3, ms: 1e6, s: 1e9, m: 60e9, h: 3600e9 } as const;

/** A duration as Go writes it, such as 1m30s, in nanoseconds; undefined for none. Source: Go, time.ParseDuration. */
export function nanoseconds(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  let sum = 0;
  for (const [, digits, unit] of text.matchAll(/([\d.]+)(ns|us|µs|μs|ms|s|m|h)/g))
    // eslint-disable-next-line typescript/no-unsafe-type-assertion -- the expression allows these alone
    sum += Number(digits) * NANOSECONDS[unit as keyof typeof NANOSECONDS];
  return Math.round(text.startsWith('-') ? -sum : sum);
}

/** Processors, a decimal number or a fraction, in billionths; zero for none. Source: docker/cli, opts, ParseCPUs. */
export function nanoCpus(text: string | undefined): number {
  if (text === undefined) return 0;
  const [over = '', under = '1'] = text.split('/');
  return Math.round((Number(over) / Number(under)) * 1e9);
}

/** Zero, false and empty texts are left out of requests, as Go's `omitempty` leaves them out. */
export function orNone<T>(value: T | null | undefined): T | undefined {
  if (value === null || value === undefined || value === 0 || value === false || value === '') return undefined;
  return value;
}

export function notEmpty<T>(list: readonly T[]): readonly T[] | undefined {
  return list.length > 0 ? list : undefined;
}

/** By code units, the order in which Go sorts texts of these names. */
export function byText(one: string, other: string): number {
  return one < other ? -1 : Number(one > other);
}

/** A text that is the same for values that mean the same to an API that omits empty ones. */
export function canonical(value: unknown): string {
  return JSON.stringify(withoutEmpty(value)) ?? '';
}

function withoutEmpty(value: unknown): unknown {
  if (Array.isArray(value)) return value.length > 0 ? value.map(withoutEmpty) : undefined;
  if (typeof value !== 'object') return orNone(value);
  const entries = Object.entries(value ?? {})
    .map(([key, inner]) => [key, withoutEmpty(inner)] as const)
    .filter(([, inner]) => inner !== undefined)
    .toSorted(([one], [other]) => byText(one, other));
  return entries.length > 0 ? Object.fromEntries(entries) : undefined;
}
