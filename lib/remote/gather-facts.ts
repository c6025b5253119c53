import type { Host } from '../contracts/host.ts';
import type { Fact } from '../facts/fact.ts';
import { unreadable } from './unreadable.ts';

/** How long a host may take to answer, in milliseconds: an emulated one that is starting its engine is slow. */
const WITHIN_MS = 300_000;

const NAME = 'swarmup-facts';
/**
 * A line before every answer. The host makes it up, as every user of a host can read the arguments of all programs, and
 * could make a program whose name or arguments look like the next answer. Source: random(4).
 */
const MARK = 'read -r mark </proc/sys/kernel/random/uuid || exit 1\nmark=$0-$mark';
const FIRST_MARK = new RegExp(`^${NAME}-[0-9a-f-]{36}$`, 'm');

type Answers<F extends Record<string, Fact<unknown>>> = {
  [K in keyof F]: F[K] extends Fact<infer T> ? T : never;
};

/**
 * Gathers all facts in one round trip. A fact whose command fails gets an empty answer to parse.
 *
 * @throws SwarmupError ANSWER_UNREADABLE when the host gives fewer or more answers
 */
export async function gather<F extends Record<string, Fact<unknown>>>(
  host: Host,
  facts: F,
  signal: AbortSignal,
): Promise<Answers<F>> {
  const all = Object.entries(facts);
  const asked = all.map(
    ([, { command }], i) => `fact() { ${command}\n}\nprintf '\\n%s\\n' "$mark"\nfact "\${${i + 1}}" 2>/dev/null`,
  );
  const args = all.map(([, { argument }]) => argument ?? '');
  const script = `${MARK}\n${asked.join('\n')}\ntrue`;
  const { stdout } = await host.run(['sh', '-c', script, NAME, ...args], { signal, withinMs: WITHIN_MS });
  const [mark] = FIRST_MARK.exec(stdout) ?? [];
  const [, ...parts] = mark === undefined ? [] : stdout.split(new RegExp(`^${mark}$`, 'm'));
  if (parts.length !== all.length) throw unreadable(host.name, 'its facts', stdout);
  const answers = all.map(([name, fact], i) => [name, fact.parse((parts[i] ?? '').trim())] as const);
  // eslint-disable-next-line typescript/no-unsafe-type-assertion -- Object.fromEntries loses the types of the keys
  return Object.fromEntries(answers) as Answers<F>;
}
