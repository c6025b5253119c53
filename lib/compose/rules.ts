/** The language of the Compose file's schema (schema.ts): what a value may be, and since which version of the format. */
export type Rule = ScalarRule | ListRule | MapRule | ChoiceRule | AnyRule;

export type Kind = 'text' | 'number' | 'integer' | 'boolean' | 'nothing';
export type Format = 'ports' | 'duration';

export interface ScalarRule {
  readonly is: 'scalar';
  readonly kinds: readonly Kind[];
  readonly format?: Format;
  readonly words?: readonly string[];
  readonly min?: number;
}

export interface ListRule {
  readonly is: 'list';
  readonly of: Rule;
  readonly unique: boolean;
}

export interface MapRule {
  readonly is: 'map';
  readonly keys: Readonly<Record<string, Rule | Since>>;
  /** Keys of the user's choice. */
  readonly names?: { readonly pattern: RegExp; readonly of: Rule };
  /** The version since which other keys are ignored instead of refused: 0 for always. */
  readonly openSince?: number;
  /** The version since which keys that begin with `x-` are allowed. */
  readonly extensionsSince?: number;
  readonly required?: readonly string[];
  /** Required up to this version. */
  readonly requiredUntil?: number;
  readonly orNothing?: boolean;
}

export interface ChoiceRule {
  readonly is: 'choice';
  readonly of: readonly Rule[];
}

export interface AnyRule {
  readonly is: 'any';
}

/** What a key may be from each minor version of the format on: `{ 2: rule }` for a key that 3.2 introduced. */
export interface Since {
  readonly is: 'since';
  readonly versions: Readonly<Record<number, Rule>>;
}

export const ANY: AnyRule = { is: 'any' };

export function scalar(...kinds: readonly Kind[]): ScalarRule {
  return { is: 'scalar', kinds };
}

export const TEXT: ScalarRule = scalar('text');
export const INTEGER: ScalarRule = scalar('integer');
export const NUMBER: ScalarRule = scalar('number');
export const BOOLEAN: ScalarRule = scalar('boolean');
export const DURATION: ScalarRule = { ...TEXT, format: 'duration' };

export function since(minor: number, rule: Rule): Since {
  return { is: 'since', versions: { [minor]: rule } };
}

export function versions(rules: Readonly<Record<number, Rule>>): Since {
  return { is: 'since', versions: rules };
}

export function list(of: Rule, unique = false): ListRule {
  return { is: 'list', of, unique };
}

export function choice(...of: readonly Rule[]): ChoiceRule {
  return { is: 'choice', of };
}

export function map(keys: MapRule['keys'], more: Partial<Omit<MapRule, 'is' | 'keys'>> = {}): MapRule {
  return { is: 'map', keys, ...more };
}

/** The rule for a key in a version; undefined when the version doesn't know the key. */
export function ruleIn(rule: Rule | Since, minor: number): Rule | undefined {
  if (rule.is !== 'since') return rule;
  const known = Object.keys(rule.versions)
    .map(Number)
    .filter((from) => from <= minor);
  return known.length === 0 ? undefined : rule.versions[Math.max(...known)];
}

/** The version that introduced a key. */
export function introducedIn(rule: Rule | Since): number {
  return rule.is === 'since' ? Math.min(...Object.keys(rule.versions).map(Number)) : 0;
}
