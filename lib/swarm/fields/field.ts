import type { ServiceSpec } from '../../config/model.ts';
import type { Value } from '../../contracts/change.ts';
import { isObject, semanticEqual } from '../semantic-equal.ts';

/** The IDs and names of the objects that services refer to. */
export interface Names {
  /** Network names by ID. */
  readonly networks: ReadonlyMap<string, string>;
  /** IDs of secrets and configs by `secret NAME` and `config NAME`. */
  readonly objects: ReadonlyMap<string, string>;
}

export const NO_NAMES: Names = { networks: new Map(), objects: new Map() };

export type Json = unknown;
export type JsonObject = Readonly<Record<string, Json>>;

/** One key of a service in the cluster file, and its place in the Engine API. */
export interface Field {
  readonly name: string;
  readonly path: readonly string[];
  /** The value in the file, in the API's form but with names instead of IDs; undefined when the file doesn't set it. */
  readonly wanted: (service: ServiceSpec) => Json;
  /** The service's current value in the same form; default: unchanged. */
  readonly current?: (value: Json, names: Names) => Json;
  /** The form to send; default: the wanted value. */
  readonly send?: (wanted: Json, names: Names) => Json;
  /** The value it returns to when the file no longer sets it; default: the API's own default. */
  readonly otherwise?: Json;
  readonly same?: (current: Json, wanted: Json) => boolean;
  /**
   * The printable part of a value in plans, JSON and records: only names if values may be secret; default: the whole
   * value.
   */
  readonly told?: (value: Json) => Value | undefined;
}

export const container = (key: string): readonly string[] => ['TaskTemplate', 'ContainerSpec', key];

/** A key of the container whose value is sent as in the file. */
export function plain(name: keyof ServiceSpec, key: string, told?: Field['told']): Field {
  return { name, path: container(key), wanted: (service) => service[name], ...(told ? { told } : {}) };
}

export const asList = (value: Json): readonly Json[] => (Array.isArray(value) ? value : []);
export const asObject = (value: Json): JsonObject => (isObject(value) ? value : {});
export const text = (value: Json): string => (typeof value === 'string' ? value : (JSON.stringify(value) ?? ''));
export const listed = (values: readonly string[]): Value => [...values].sort();
export const words = (value: Json): Value => asList(value).map(text);
export const keys = (value: Json): Value => listed(Object.keys(asObject(value)));

/** The value without null entries; undefined for an empty one. */
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

/** Compares lists whose order doesn't matter. */
export function unordered(current: Json, wanted: Json): boolean {
  const left = [...asList(wanted)];
  const isMatched = asList(current).every((one) => {
    const i = left.findIndex((other) => semanticEqual(one, other));
    if (i >= 0) left.splice(i, 1);
    return i >= 0;
  });
  return isMatched && left.length === 0;
}
