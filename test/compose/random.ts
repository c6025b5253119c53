/** Values for a place: mostly from the first list; those of the second are refused, there or everywhere. */
export type Pool = readonly [good: readonly string[], bad: readonly string[]];
export type Make = (random: Random) => string;

/** The values between broken bars. */
export function values({ 0: text = '' }: TemplateStringsArray): readonly string[] {
  return text
    .split('¦')
    .slice(1)
    .map((value) => value.trim());
}

/** One value in so many is a bad one, so that about half of the files are valid. */
const BAD_ONE_IN = 14;

/** A small generator of random numbers: mulberry32. */
export class Random {
  #state: number;

  constructor(seed: number) {
    this.#state = seed;
  }

  below(limit: number): number {
    this.#state = (this.#state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(this.#state ^ (this.#state >>> 15), 1 | this.#state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) % limit;
  }

  from([good, bad]: Pool): string {
    return this.pick(bad.length > 0 && this.below(BAD_ONE_IN) === 0 ? bad : good);
  }

  pick<T>(items: readonly T[]): T {
    const item = items[this.below(items.length)];
    if (item === undefined) throw new Error('nothing to pick from');
    return item;
  }
}

/** A list of up to two of the values. */
export const list =
  (pool: Pool): Make =>
  (random) =>
    `[${Array.from({ length: random.below(3) }, () => random.from(pool)).join(', ')}]`;
export const one =
  (good: readonly string[], bad: readonly string[] = []): Make =>
  (random) =>
    random.from([good, bad]);
/** A mapping of some of the keys. */
export const map =
  (keys: Readonly<Record<string, Make>>): Make =>
  (random) => {
    const chosen = Object.entries(keys).filter(() => random.below(Object.keys(keys).length) < 2);
    return `{${chosen.map(([key, make]) => `${key}: ${make(random)}`).join(', ')}}`;
  };
