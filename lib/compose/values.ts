/**
 * Values as Go's yaml.v3 decodes them. Numbers keep Go's types, because Docker's loader tells them apart: an integer is
 * a number, or a bigint beyond 2^53; `1.0` is a Float.
 */
export type Value = null | boolean | string | number | bigint | Float | Timestamp | readonly Value[] | Dict;

/** A mapping. A Map has no prototype whose keys a file could name, and keeps keys such as `1` in their order. */
export type Dict = ReadonlyMap<string, Value>;

export class Float {
  readonly value: number;

  constructor(value: number) {
    this.value = value;
  }

  /** As Go's `%v` prints it. */
  toString(): string {
    return goFloat(this.value);
  }
}

/** A moment, which Go prints differently as text and in YAML. */
export class Timestamp {
  readonly text: string;
  readonly rfc3339: string;

  constructor(text: string, rfc3339: string) {
    this.text = text;
    this.rfc3339 = rfc3339;
  }

  toString(): string {
    return this.text;
  }
}

/** A scalar in Docker's output that JavaScript has no value for: it prints exactly, and is nearly the same in JSON. */
export class Exact {
  readonly text: string;
  readonly near: number | string;

  constructor(text: string, near: number | string) {
    this.text = text;
    this.near = near;
  }

  toJSON(): number | string {
    return this.near;
  }
}

export function isDict(value: Value | undefined): value is Dict {
  return value instanceof Map;
}

export function isList(value: Value | undefined): value is readonly Value[] {
  return Array.isArray(value);
}

export function isInteger(value: Value): value is number | bigint {
  return typeof value === 'number' || typeof value === 'bigint';
}

/** A number's value, rounded if it is beyond 2^53; undefined for anything else. */
export function numberOf(value: Value): number | undefined {
  if (value instanceof Float) return value.value;
  return isInteger(value) ? Number(value) : undefined;
}

/** The kind of a value in the words of a Compose file's reader. */
export function kindOf(value: Value): 'nothing' | 'a boolean' | 'a text' | 'a number' | 'a list' | 'a mapping' {
  if (value === null) return 'nothing';
  if (typeof value === 'boolean') return 'a boolean';
  if (typeof value === 'string' || value instanceof Timestamp) return 'a text';
  if (isList(value)) return 'a list';
  return isDict(value) ? 'a mapping' : 'a number';
}

/** As Go's fmt.Sprint prints a value. */
export function sprint(value: Value): string {
  if (value === null) return '<nil>';
  if (isList(value)) return `[${value.map(sprint).join(' ')}]`;
  if (isDict(value)) {
    const entries = [...value].toSorted(([a], [b]) => compareBytes(a, b));
    return `map[${entries.map(([key, one]) => `${key}:${sprint(one)}`).join(' ')}]`;
  }
  return value.toString();
}

/**
 * As Go prints a float with `%g`: the shortest digits that identify it, with an exponent below 1e-4 and from 1e+06 on.
 *
 * @param digits the shortest digits, if not those of a float64
 */
export function goFloat(value: number, digits = value.toExponential()): string {
  if (Number.isNaN(value)) return 'NaN';
  if (!Number.isFinite(value)) return value > 0 ? '+Inf' : '-Inf';
  if (value === 0) return Object.is(value, -0) ? '-0' : '0';
  const [mantissa = '0', exponent = '0'] = digits.split('e');
  const power = Number(exponent);
  if (power < -4 || power >= EXPONENT_FROM) {
    return `${mantissa}e${power < 0 ? '-' : '+'}${String(Math.abs(power)).padStart(2, '0')}`;
  }
  return plainDigits(mantissa, power);
}

/** Source: strconv, ftoa.go: %e is used from this exponent on. */
const EXPONENT_FROM = 6;

/** Digits with a power of ten, without an exponent. */
function plainDigits(mantissa: string, power: number): string {
  const sign = mantissa.startsWith('-') ? '-' : '';
  const digits = mantissa.replace(/[-.]/g, '');
  if (power < 0) return `${sign}0.${'0'.repeat(-power - 1)}${digits}`;
  const whole = digits.slice(0, power + 1).padEnd(power + 1, '0');
  const rest = digits.slice(power + 1);
  return rest === '' ? sign + whole : `${sign}${whole}.${rest}`;
}

/** The order of Go's strings, which is that of their bytes. */
export function compareBytes(a: string, b: string): number {
  return Buffer.compare(Buffer.from(a), Buffer.from(b));
}

/** A text that is the same for values that JSON can't tell apart. */
export function canonical(value: Value): string {
  if (isList(value)) return `[${value.map(canonical).join(',')}]`;
  if (isDict(value)) {
    const entries = [...value].toSorted(([a], [b]) => (a < b ? -1 : 1));
    return `{${entries.map(([key, one]) => `${JSON.stringify(key)}:${canonical(one)}`).join(',')}}`;
  }
  if (value instanceof Timestamp) return JSON.stringify(value.rfc3339);
  const number = numberOf(value);
  return number === undefined ? JSON.stringify(value) : String(number);
}
