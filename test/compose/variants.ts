import { one, Random, values } from './random.ts';
import { ANY, KEYS, OTHER, TOP } from './variant-keys.ts';

/** Random Compose files, the same for the same seed: valid ones, and many that are wrong in one place. */
export interface Variant {
  readonly files: readonly string[];
}

const VERSIONS = values`
  ¦  ¦  ¦  ¦ version: "3" ¦ version: "3.8" ¦ version: "3.0" ¦ version: "3.3" ¦ version: "3.5"
  ¦ version: 3.8 ¦ version: "3.7" ¦ version: "3.12" ¦ version: "2.4" ¦ version: "3.14" ¦ version: "\${P}"
  ¦ version: 
`;

export function variant(seed: number): Variant {
  const random = new Random(seed * 7919 + 1);
  const version = random.below(6) === 0 ? random.pick(VERSIONS) : '';
  const files = Array.from({ length: random.below(4) === 0 ? 2 : 1 }, () => fileText(version, random));
  return { files };
}

function fileText(version: string, random: Random): string {
  const lines = [version, 'services:'];
  for (const name of ['a', 'b'].slice(0, 1 + random.below(2))) {
    lines.push(`  ${name}:`, '    image: nginx');
    const known = Object.keys(KEYS);
    const keys = new Set(Array.from({ length: 1 + random.below(3) }, () => random.pick(known)));
    if (random.below(15) === 0) keys.add(random.pick(OTHER));
    if (keys.has('image')) lines.pop();
    for (const key of keys) {
      const make = Object.hasOwn(KEYS, key) && random.below(20) > 0 ? KEYS[key] : one(ANY);
      lines.push(`    ${key}: ${make?.(random) ?? ''}`);
    }
  }
  for (const [key, make] of Object.entries(TOP)) if (random.below(7) === 0) lines.push(`${key}: ${make(random)}`);
  return `${lines.join('\n')}\n`;
}
