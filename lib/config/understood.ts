import { parseDocument } from 'yaml';
import { z } from 'zod';
import { interpolate } from './interpolate.ts';
import { clusterFile } from './schema.ts';
import { writtenValues } from './written.ts';

type Env = Readonly<Record<string, string | undefined>>;
type Plain = Readonly<Record<string, unknown>>;

/** The parts of a JSON schema that defaults are found in. */
interface Schema {
  readonly default?: unknown;
  readonly type?: string | readonly string[];
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly additionalProperties?: Schema | boolean;
  readonly items?: Schema;
  readonly anyOf?: readonly Schema[];
}

/** Finds the schema of a provider's section; undefined for an external provider. */
export type ProviderSchemas = (type: string) => Promise<z.ZodType | undefined>;

/**
 * A valid cluster file as swarmup understands it, in the words of the file: variables replaced, aliases and `<<` resolved,
 * `x-` keys left out, defaults filled in, and secrets as `***`.
 */
export async function understood(text: string, env: Env, schemas: ProviderSchemas): Promise<Plain> {
  const document = parseDocument(text);
  const before = writtenValues(document, clusterFile, new Set()).value;
  const { interpolated } = interpolate(document, env);
  const { value } = writtenValues(document, clusterFile, interpolated);
  const filled = withDefaults(value, jsonSchema(clusterFile));
  const complete = await withProviders(isPlain(filled) ? filled : {}, schemas);
  const shown = masked(complete, before, []);
  return isPlain(shown) ? shown : {};
}

function jsonSchema(type: z.ZodType): Schema {
  // JSON and back, because defaults may share objects.
  const schema: Schema = JSON.parse(JSON.stringify(z.toJSONSchema(type, { io: 'input', unrepresentable: 'any' })));
  return schema;
}

async function withProviders(file: Plain, schemas: ProviderSchemas): Promise<Plain> {
  const one = async (section: unknown): Promise<unknown> => {
    const type = isPlain(section) ? section['type'] : undefined;
    const schema = typeof type === 'string' ? await schemas(type) : undefined;
    return schema ? withDefaults(section, jsonSchema(schema)) : section;
  };
  const { provider, providers } = file;
  if (!isPlain(providers)) return provider === undefined ? file : { ...file, provider: await one(provider) };
  const entries = Object.entries(providers).map(async ([name, section]) => [name, await one(section)] as const);
  return { ...file, providers: Object.fromEntries(await Promise.all(entries)) };
}

/** A value with the defaults of the keys that it doesn't have. */
function withDefaults(value: unknown, schema: Schema): unknown {
  const own = schema.anyOf ? (schema.anyOf.find((one) => fits(value, one)) ?? {}) : schema;
  if (Array.isArray(value)) return own.items ? value.map((item) => withDefaults(item, own.items ?? {})) : value;
  if (!isPlain(value)) return value;
  const { properties = {}, additionalProperties } = own;
  const others = typeof additionalProperties === 'object' ? additionalProperties : {};
  const present = Object.entries(value).map(([key, one]) => {
    return [key, withDefaults(one, Object.hasOwn(properties, key) ? (properties[key] ?? {}) : others)] as const;
  });
  const absent = Object.entries(properties).flatMap(([key, one]) =>
    Object.hasOwn(value, key) || one.default === undefined ? [] : [[key, withDefaults(one.default, one)] as const],
  );
  return Object.fromEntries([...present, ...absent]);
}

/** Whether a value is of the form of one of several alternatives. */
function fits(value: unknown, { type, properties = {}, additionalProperties }: Schema): boolean {
  if (Array.isArray(value)) return type === 'array';
  if (!isPlain(value)) return type !== 'array' && type !== 'object';
  if (type !== 'object') return false;
  return additionalProperties !== false || Object.keys(value).every((key) => Object.hasOwn(properties, key));
}

const HIDDEN = '***';
const SECRET_KEY = /(?:password|passphrase|secret|token|credentials?)$/i;

/**
 * A copy without secrets: passwords and tokens, the values of secrets, and what environment variables of services and
 * stacks got from the environment, or have under the name of a secret.
 *
 * @param written the file before variables were replaced
 */
function masked(value: unknown, written: unknown, path: readonly string[]): unknown {
  if (Array.isArray(value)) {
    return value.map((item: unknown, i) =>
      masked(item, Array.isArray(written) ? written[i] : undefined, [...path, `${i}`]),
    );
  }
  if (isPlain(value)) {
    const before = isPlain(written) ? written : {};
    return Object.fromEntries(
      Object.entries(value).map(([key, one]) => {
        return [key, masked(one, Object.hasOwn(before, key) ? before[key] : undefined, [...path, key])] as const;
      }),
    );
  }
  if (typeof value !== 'string' && typeof value !== 'number') return value;
  return hide(value, written, path);
}

function hide(value: string | number, written: unknown, path: readonly string[]): unknown {
  const [section = '', , key = ''] = path;
  const last = path.at(-1) ?? '';
  const isVariable =
    path.length === 4 && ['environment', 'env'].includes(key) && ['services', 'stacks'].includes(section);
  if (isVariable) {
    const text = String(value);
    const isFromOutside = written !== undefined && written !== value;
    const [name = ''] = /^\d+$/.test(last) ? text.split('=') : [last];
    if (!isFromOutside && !SECRET_KEY.test(name)) return value;
    return /^\d+$/.test(last) ? `${name}=${HIDDEN}` : HIDDEN;
  }
  if (section === 'secrets' && path.length === 3 && key === 'value') return HIDDEN;
  return typeof value === 'string' && SECRET_KEY.test(last) ? HIDDEN : value;
}

function isPlain(value: unknown): value is Plain {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
