import { expectedOneOf } from '../util/nearest-name.ts';
import { readDuration } from '../util/go-units.ts';
import { isPortText } from './ports.ts';
import { composeForm, composeOnly } from './properties.ts';
import { introducedIn, ruleIn, type Kind, type ListRule, type MapRule, type Rule, type ScalarRule } from './rules.ts';
import { canonical, isDict, isList, kindOf, numberOf, sprint, Timestamp, type Dict, type Value } from './values.ts';
import type { Path } from './yaml/read.ts';

/** Reports a mistake at the value of a path, or at its key. */
export type Wrong = (path: Path, message: string, hint?: string, at?: 'value' | 'key') => void;

/** What to say of a key that a version of the format doesn't have yet. */
export type TooNew = (key: string, from: number) => { readonly message: string; readonly hint: string };

/**
 * Reports everything in a value that a rule of the schema refuses in a minor version of the format.
 *
 * @param tooNew for a version that the file doesn't claim itself
 */
export function validate(value: Value, rule: Rule, minor: number, wrong: Wrong, tooNew = claimed(minor)): void {
  new Validation(minor, wrong, tooNew).check(value, rule, []);
}

function claimed(minor: number): TooNew {
  return (key, from) => ({
    message: `'${key}' exists since version 3.${from}, and this file claims 3.${minor}`,
    hint: `expected a newer version, or none, or no ${key}`,
  });
}

/** How many keys a hint may list. */
const MOST_KEYS = 12;

class Validation {
  readonly #minor: number;
  readonly #wrong: Wrong;
  readonly #newer: TooNew;

  constructor(minor: number, wrong: Wrong, newer: TooNew) {
    this.#minor = minor;
    this.#wrong = wrong;
    this.#newer = newer;
  }

  check(value: Value, rule: Rule, path: Path): void {
    if (rule.is === 'any') return;
    if (rule.is === 'choice') {
      const form = rule.of.find((one) => hasForm(value, one));
      if (form) this.check(value, form, path);
      else this.#unexpected(value, rule.of, path);
    } else if (!hasForm(value, rule)) this.#unexpected(value, [rule], path);
    else if (rule.is === 'scalar') this.#scalar(value, rule, path);
    else if (rule.is === 'list') this.#list(isList(value) ? value : [], rule, path);
    else if (isDict(value)) this.#map(value, rule, path);
  }

  #unexpected(value: Value, rules: readonly Rule[], path: Path): void {
    this.#wrong(
      path,
      `${shown(path)} is ${kindOf(value)}`,
      composeForm(path) ?? `expected ${[...new Set(rules.flatMap(expected))].join(' or ')}`,
    );
  }

  #scalar(value: Value, { format, words, min }: ScalarRule, path: Path): void {
    if (words && !words.includes(sprint(value)))
      this.#wrong(path, `${shown(path)} is '${sprint(value)}'`, `expected ${words.join(' or ')}`);
    if (min !== undefined && (numberOf(value) ?? min) < min)
      this.#wrong(path, `${shown(path)} is ${sprint(value)}`, `expected ${min} or more`);
    if (format === 'duration' && (typeof value !== 'string' || readDuration(value) === undefined))
      this.#wrong(path, `'${sprint(value)}' is not a duration`, 'expected a duration with units, such as 30s or 1m30s');
    if (format === 'ports' && !isPortText(value))
      this.#wrong(
        path,
        `'${sprint(value)}' is not a port`,
        "expected '80', '8080:80', '8000-8010:8000-8010' or '53:53/udp'",
      );
  }

  #list(items: readonly Value[], rule: ListRule, path: Path): void {
    const seen = new Map<string, number>();
    for (const [i, item] of items.entries()) {
      this.check(item, rule.of, [...path, i]);
      if (!rule.unique) continue;
      const key = canonical(item);
      const first = seen.get(key);
      if (first === undefined) seen.set(key, i);
      else this.#wrong([...path, i], `${shown(path)} has the same item twice`, 'expected every item once');
    }
  }

  #map(value: Dict, rule: MapRule, path: Path): void {
    const {
      keys,
      names,
      required = [],
      requiredUntil = Infinity,
      openSince = Infinity,
      extensionsSince = Infinity,
    } = rule;
    for (const key of required)
      if (!value.has(key) && this.#minor <= requiredUntil)
        this.#wrong(path, `${path.length === 0 ? 'the file' : shown(path)} has no ${key}`, `expected ${key}`);
    for (const [key, one] of value) {
      const place = [...path, key];
      const own = Object.hasOwn(keys, key) ? keys[key] : undefined;
      const known = own && ruleIn(own, this.#minor);
      const byName = names?.pattern.test(key) ? names.of : undefined;
      if (known) this.check(one, known, place);
      if (byName) this.check(one, byName, place);
      const isExtension = key.startsWith('x-') && extensionsSince <= this.#minor;
      if (known || byName || isExtension || openSince <= this.#minor) continue;
      if (own) this.#tooNew(key, introducedIn(own), place);
      else if (key.startsWith('x-') && extensionsSince !== Infinity) this.#tooNew(key, extensionsSince, place);
      else this.#unknown(key, rule, place);
    }
  }

  #tooNew(key: string, from: number, path: Path): void {
    const { message, hint } = this.#newer(key, from);
    this.#wrong(path, message, hint, 'key');
  }

  #unknown(key: string, { keys, names }: MapRule, path: Path): void {
    const where = path.length === 1 ? 'a Compose file' : shown(path.slice(0, -1));
    if (names) {
      const hint = 'expected a name of letters, digits, dots, hyphens and underscores';
      this.#wrong(path, `'${key}' is not a name for ${where}`, hint, 'key');
      return;
    }
    const other = composeOnly(path);
    if (other !== undefined) {
      this.#wrong(path, `${where} has no key '${key}'`, other, 'key');
      return;
    }
    const known = Object.entries(keys).flatMap(([name, rule]) => (ruleIn(rule, this.#minor) ? [name] : []));
    const hint = expectedOneOf(key, known);
    const isLong = known.length > MOST_KEYS && !hint.startsWith('did you mean');
    this.#wrong(
      path,
      `${where} has no key '${key}'`,
      isLong ? `expected a key that stacks have, or x-${key}` : hint,
      'key',
    );
  }
}

/** Whether a value has the basic type of a rule, before its contents are checked. */
function hasForm(value: Value, rule: Rule): boolean {
  if (rule.is === 'scalar') return rule.kinds.some((kind) => isKind(value, kind));
  if (rule.is === 'list') return isList(value);
  if (rule.is === 'map') return isDict(value) || (value === null && rule.orNothing === true);
  return true;
}

function isKind(value: Value, kind: Kind): boolean {
  if (kind === 'text') return typeof value === 'string' || value instanceof Timestamp;
  if (kind === 'boolean') return typeof value === 'boolean';
  if (kind === 'nothing') return value === null;
  const number = numberOf(value);
  return number !== undefined && (kind === 'number' || Number.isInteger(number));
}

const WORDS: Readonly<Record<Kind, string>> = {
  text: 'a text (quote a number or a boolean)',
  number: 'a number',
  integer: 'a whole number',
  boolean: 'true or false',
  nothing: 'nothing',
};

function expected(rule: Rule): readonly string[] {
  if (rule.is === 'scalar') return rule.kinds.map((kind) => WORDS[kind]);
  if (rule.is === 'choice') return rule.of.flatMap(expected);
  return [rule.is === 'list' ? 'a list' : 'a mapping'];
}

/** A path as a user would say it: services.web.ports[0]. */
export function shown(path: Path): string {
  const parts = path.map((part) => (typeof part === 'number' ? `[${part}]` : `.${part}`));
  return parts.join('').replace(/^\./, '') || 'the file';
}
