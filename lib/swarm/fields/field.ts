import type { ServiceSpec } from '../../config/model.ts';
import type { Value } from '../../contracts/change.ts';
import { isObject, semanticEqual } from '../semantic-equal.ts';

/** The ids and names of what services refer to. */
export interface Names {
  /** Networks by id. */
  readonly networks: ReadonlyMap<string, string>;
  /** Ids of secrets and configs by `secret NAME` and `config NAME`. */
  readonly objects: ReadonlyMap<string, string>;
}

export type Json = unknown;
export type JsonObject = Readonly<Record<string, Json>>;

/** One key of a service in the cluster file, and where the Engine API has it. */
export interface Field {
  readonly name: string;
  readonly path: readonly string[];
  /** As the file has it, in the API's form but with names for ids; undefined when the file doesn't say. */
  readonly wanted: (service: ServiceSpec) => Json;
  /** As the service has it, in the same form; default: as it stands. */
  readonly current?: (value: Json, names: Names) => Json;
  /** The form to send; default: as it is wanted. */
  readonly send?: (wanted: Json, names: Names) => Json;
  /** What it goes back to when the file no longer says; default: the API's own default. */
  readonly otherwise?: Json;
  readonly same?: (current: Json, wanted: Json) => boolean;
  /** What may be told of a value in plans, JSON and records: names alone where values may be secret; default: all of it. */
  readonly told?: (value: Json) => Value | undefined;
}

export const container = (key: string): readonly string[] => ['TaskTemplate', 'ContainerSpec', key];

/** A key of the container whose value is sent as the file has it. */
export function plain(name: keyof ServiceSpec, key: string, told?: Field['told']): Field {
  return { name, path: container(key), wanted: (service) => service[name], ...(told ? { told } : {}) };
}

export const asList = (value: Json): readonly Json[] => (Array.isArray(value) ? value : []);
export const asObject = (value: Json): JsonObject => (isObject(value) ? value : {});
export const text = (value: Json): string => (typeof value === 'string' ? value : (JSON.stringify(value) ?? ''));
const sorted = (values: readonly Json[]): Json[] =>
  [...values].sort((a, b) => JSON.stringify(a).localeCompare(JSON.stringify(b)));
export const listed = (values: readonly string[]): Value => [...values].sort();
export const words = (value: Json): Value => asList(value).map(text);
export const keys = (value: Json): Value => listed(Object.keys(asObject(value)));

/** The value without what is null; undefined for nothing. */
export function asValue(json: Json): Value | undefined {
  if (typeof json === 'string' || typeof json === 'number' || typeof json === 'boolean') return json;
  if (Array.isArray(json)) return json.map(asValue).filter((one) => one !== undefined);
  if (!isObject(json)) return undefined;
  const values = Object.entries(json).flatMap(([key, inner]): [string, Value][] => {
    const value = asValue(inner);
    return value === undefined ? [] : [[key, value]];
  });
  return Object.fromEntries(values);
}

/** A list whose order means nothing. */
export const unordered = (current: Json, wanted: Json): boolean =>
  semanticEqual(sorted(asList(current)), sorted(asList(wanted)));
