import * as fc from 'fast-check';

/** Values for a place: mostly from the first list; those of the second are refused, there or everywhere. */
export type Pool = readonly [good: readonly string[], bad: readonly string[]];
export type Make = fc.Arbitrary<string>;

/** The values between broken bars. */
export function values({ 0: text = '' }: TemplateStringsArray): readonly string[] {
  return text
    .split('¦')
    .slice(1)
    .map((value) => value.trim());
}

/** One value in so many is a bad one, so that about half of the files are valid. */
const BAD_ONE_IN = 14;

export function one(good: readonly string[], bad: readonly string[] = []): Make {
  return bad.length === 0
    ? fc.constantFrom(...good)
    : rarely(fc.constantFrom(...bad), BAD_ONE_IN, fc.constantFrom(...good));
}

/** One value in so many is the rare one; a failing one is shrunk to the usual one where that fails too. */
export function rarely<T, U>(rare: fc.Arbitrary<T>, oneIn: number, usual: fc.Arbitrary<U>): fc.Arbitrary<T | U> {
  return fc.oneof({ withCrossShrink: true }, { weight: oneIn - 1, arbitrary: usual }, { weight: 1, arbitrary: rare });
}

/** A list of up to two of the values. */
export function list(pool: Pool): Make {
  return fc.array(one(...pool), { maxLength: 2 }).map((items) => `[${items.join(', ')}]`);
}

/** A mapping of some of the keys: two, on average. */
export function map(keys: Readonly<Record<string, Make>>): Make {
  const lines = Object.entries(keys).map(([key, make]) => make.map((value) => `${key}: ${value}`));
  return some(lines, Math.max(1, lines.length / 2)).map((chosen) => `{${chosen.join(', ')}}`);
}

/** Some of the texts, in their order: each one time in so many. */
export function some(texts: readonly Make[], oneIn: number): fc.Arbitrary<readonly string[]> {
  // Weights are whole numbers.
  const [weight, absent] = [2, Math.round(2 * oneIn) - 2];
  const maybe = texts.map((text) =>
    fc.oneof(
      { withCrossShrink: true },
      { weight: absent, arbitrary: fc.constant(undefined) },
      { weight, arbitrary: text },
    ),
  );
  return fc.tuple(...maybe).map((found) => found.filter((text) => text !== undefined));
}
