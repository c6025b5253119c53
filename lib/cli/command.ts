import type { Option, ValuesOf } from './option.ts';

/** A positional argument of a command. */
export interface Argument<Value> {
  /** `<node>`, `[service]`, `<service...>` */
  readonly usage: string;
  readonly description: string;
  /** Reads one word; for repeatable arguments, together with the values before it. */
  parse?(this: void, word: string, before: Value | undefined): Value;
  /** Only for the compiler. */
  readonly value?: Value;
}

/** `<node>` */
export function one(name: string, description: string): Argument<string> {
  return { usage: `<${name}>`, description };
}

/** `[service]` */
export function oneOrNone(name: string, description: string): Argument<string | undefined> {
  return { usage: `[${name}]`, description };
}

/** `<service...>` */
export function several(name: string, description: string): Argument<readonly string[]> {
  return { usage: `<${name}...>`, description };
}

/** `[service...]` */
export function severalOrNone(name: string, description: string): Argument<readonly string[]> {
  return { usage: `[${name}...]`, description };
}

type ArgumentsOf<Args extends readonly unknown[]> = {
  [K in keyof Args]: Args[K] extends Argument<infer Value> ? Value : never;
};

type Action<Args extends readonly unknown[], Options> = (
  ...values: [...ArgumentsOf<Args>, ValuesOf<Options>]
) => Promise<number>;

/** The headings that `swarmup --help` lists its commands under, in this order. */
export const GROUPS = [
  'Clusters',
  'Services and nodes',
  'Access',
  'Back-up and recovery',
  'Records, tests and cache',
  'Cluster files and tasks',
] as const;

/**
 * A command as the command line, the help and the reference show it. Descriptions are cheap to load: what the command does is
 * loaded when it runs.
 */
interface Description<Args extends readonly unknown[], Options> {
  /** Two words for a subcommand: `import swarm`. */
  readonly name: string;
  readonly group: (typeof GROUPS)[number];
  readonly summary: string;
  readonly args: Args;
  readonly options: Options;
  /** Command lines without the program, each with what it does. */
  readonly examples: Readonly<Record<string, string>>;
  /** Loads the implementation, which returns the exit status. */
  readonly load: () => Promise<Action<Args, Options>>;
}

/** Any command: its arguments were type-checked when it was defined. */
export interface Command extends Omit<Description<readonly Argument<unknown>[], object>, 'load' | 'options'> {
  readonly options: Readonly<Record<string, Option<unknown, boolean>>>;
  /** @param values the parsed arguments, then the parsed options */
  readonly run: (values: readonly unknown[]) => Promise<number>;
}

/** Describes a command; the compiler checks that its implementation takes exactly these arguments and options. */
export function defineCommand<
  const Args extends readonly Argument<unknown>[],
  const Options extends Readonly<Record<string, Option<unknown, boolean>>>,
>({ load, ...description }: Description<Args, Options>): Command {
  return {
    ...description,
    run: async (values) => {
      const action = await load();
      // eslint-disable-next-line typescript/no-unsafe-type-assertion -- the parser is built from the same arguments and options
      return action(...(values as [...ArgumentsOf<Args>, ValuesOf<Options>]));
    },
  };
}
