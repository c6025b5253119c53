/** An option of a command. `Given`: it always has a value, as it is required or has a default. */
export interface Option<Value, Given extends boolean> {
  /** In commander's syntax: `-f, --file <file>`. */
  readonly flags: string;
  readonly description: string;
  parse?(this: void, word: string, before: Value | undefined): Value;
  readonly choices?: readonly string[];
  readonly fallback?: Value;
  readonly required?: boolean;
  /** Only for the compiler. */
  readonly given?: Given;
  /** Only for the compiler. */
  readonly value?: Value;
}

type KeysGiven<Options> = {
  [K in keyof Options]: Options[K] extends Option<unknown, true> ? K : never;
}[keyof Options];

type ValueOf<One> = One extends Option<infer Value, boolean> ? Value : never;

/** The option values that a command gets. */
export type ValuesOf<Options> = {
  readonly [K in keyof Options as K extends KeysGiven<Options> ? K : never]: ValueOf<Options[K]>;
} & {
  readonly [K in keyof Options as K extends KeysGiven<Options> ? never : K]?: ValueOf<Options[K]>;
};

/** `--yes` */
export function flag(flags: string, description: string): Option<boolean, false> {
  return { flags, description };
}

/** `--file NAME` */
export function text(flags: string, description: string): Option<string, false> {
  return { flags, description };
}

/** A required text. */
export function requiredText(flags: string, description: string): Option<string, true> {
  return { flags, description, required: true };
}

/** A text with a default. */
export function textOr(flags: string, description: string, fallback: string): Option<string, true> {
  return { flags, description, fallback };
}

/** A text that is parsed. @param parse throws InvalidArgumentError for what it can't read */
export function parsed<Value>(
  flags: string,
  description: string,
  parse: (word: string) => Value,
): Option<Value, false> {
  return { flags, description, parse: (word) => parse(word) };
}

/** One of a few texts. */
export function choice<const Value extends string>(
  flags: string,
  description: string,
  choices: readonly Value[],
): Option<Value, false> {
  return { flags, description, choices };
}

/** An option that may be given several times. */
export function repeated(flags: string, description: string): Option<readonly string[], true> {
  return { flags, description, fallback: [], parse: (word, before = []) => [...before, word] };
}
