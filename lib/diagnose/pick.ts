/**
 * What may be copied of a value from outside: `true` for a text, a number or a boolean; an object for these of its
 * fields, with `*` for all others; a list of one for each of its elements; or a function that decides.
 */
export type Allowed = true | readonly [Allowed] | { readonly [field: string]: Allowed } | ((value: unknown) => unknown);

/** More elements of a list are left out: a machine may send any number. */
const MOST_ELEMENTS = 3000;

/**
 * A copy with only what is allowed: a field that nobody thought of, such as one of a newer engine, is left out. Values
 * of another kind than expected are left out too.
 */
export function pick(value: unknown, allowed: Allowed): unknown {
  if (typeof allowed === 'function') return allowed(value);
  if (allowed === true) return isScalar(value) ? value : undefined;
  if (isList(allowed)) return Array.isArray(value) ? picked(value, allowed[0]) : undefined;
  if (!isRecord(value)) return undefined;
  const { '*': others, ...named } = allowed;
  const fields = others === undefined ? Object.keys(named) : Object.keys(value).slice(0, MOST_ELEMENTS);
  const entries = fields.flatMap((field) => {
    const rule = Object.hasOwn(named, field) ? named[field] : others;
    const one = rule !== undefined && Object.hasOwn(value, field) ? pick(value[field], rule) : undefined;
    return one === undefined ? [] : [[field, one] as const];
  });
  return Object.fromEntries(entries);
}

/** The names of an object's fields, without their values. */
export function namesOf(value: unknown): readonly string[] | undefined {
  return isRecord(value) ? Object.keys(value).slice(0, MOST_ELEMENTS) : undefined;
}

/** The object in a JSON text; undefined for anything else. */
export function parseRecord(text: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return isRecord(value) ? value : undefined;
  } catch {
    // A truncated or foreign text has none; what is missing is listed by the caller.
    return undefined;
  }
}

export function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function picked(values: readonly unknown[], allowed: Allowed): readonly unknown[] {
  return values.slice(0, MOST_ELEMENTS).flatMap((one) => pick(one, allowed) ?? []);
}

function isList(allowed: Allowed): allowed is readonly [Allowed] {
  return Array.isArray(allowed);
}

function isScalar(value: unknown): value is string | number | boolean {
  return ['string', 'number', 'boolean'].includes(typeof value);
}
