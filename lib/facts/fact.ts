import type { Host } from '../remote/host.ts';

/** One read-only question to a machine: a shell command that changes nothing, and how to read its answer. */
export interface Fact<T> {
  readonly command: string;
  readonly parse: (output: string) => T;
}

type Answers<F extends Record<string, Fact<unknown>>> = { [K in keyof F]: F[K] extends Fact<infer T> ? T : never };

const SEPARATOR = '-----swarmup-----';

/** Asks all the questions in one round trip. A question whose command fails gets an empty answer to parse. */
export async function gather<F extends Record<string, Fact<unknown>>>(
  host: Host,
  facts: F,
  signal: AbortSignal,
): Promise<Answers<F>> {
  const names = Object.keys(facts);
  const script = names.map((name) => `{ ${facts[name]?.command}; } 2>/dev/null`).join(`\necho ${SEPARATOR}\n`);
  const { stdout } = await host.run(['sh', '-c', `${script}\ntrue`], { signal });
  const parts = stdout.split(SEPARATOR);
  const answers = names.map((name, i) => [name, facts[name]?.parse((parts[i] ?? '').trim())] as const);
  // eslint-disable-next-line typescript/no-unsafe-type-assertion -- Object.fromEntries loses the types of the keys
  return Object.fromEntries(answers) as Answers<F>;
}
