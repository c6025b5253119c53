import type { z } from 'zod';
import type { Path } from './locate.ts';

/** What a schema accepts at a place, before defaults and conversions. */
export type Shape = z.core.$ZodType;

/** The alternatives of schemas, without wrappers such as defaults. */
function alternatives(shapes: readonly Shape[]): readonly z.core.$ZodTypes[] {
  return shapes.flatMap((shape): readonly z.core.$ZodTypes[] => {
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- every schema is one of zod's types
    const known = shape as z.core.$ZodTypes;
    const {
      _zod: { def },
    } = known;
    if (def.type === 'union') return alternatives(def.options);
    if (def.type === 'pipe') return alternatives([def.in]);
    const isWrapper =
      def.type === 'optional' || def.type === 'nullable' || def.type === 'default' || def.type === 'prefault';
    return isWrapper ? alternatives([def.innerType]) : [known];
  });
}

/** What may stand one step below: at a key of a map, or in a list. */
export function below(shapes: readonly Shape[], step: PropertyKey): readonly Shape[] {
  return alternatives(shapes).flatMap(({ _zod: { def } }): readonly Shape[] => {
    if (typeof step === 'number') return def.type === 'array' ? [def.element] : [];
    const key = String(step);
    if (def.type === 'record') return [def.valueType];
    if (def.type !== 'object') return [];
    const own = Object.hasOwn(def.shape, key) ? def.shape[key] : def.catchall;
    return own ? [own] : [];
  });
}

/** The keys that are valid at a path. */
export function keysAt(schema: Shape, path: Path): string[] {
  const shapes = path.reduce<readonly Shape[]>((above, step) => below(above, step), [schema]);
  const keys = alternatives(shapes).flatMap(({ _zod: { def } }) =>
    def.type === 'object' ? Object.keys(def.shape) : [],
  );
  return [...new Set(keys)].filter((key) => key !== '$schema');
}

/** Whether a text is accepted; and whether a number or a boolean is. */
export function takes(shapes: readonly Shape[]): { readonly text: boolean; readonly other: boolean } {
  const types = alternatives(shapes).map(({ _zod: { def } }) => def.type);
  return {
    text: types.some((type) => type === 'string' || type === 'enum' || type === 'literal'),
    other: types.some((type) => type === 'number' || type === 'boolean'),
  };
}

/**
 * Whether a key is the user's own, as in a Compose file: `x-NAME` beside keys of swarmup. Where names are chosen freely,
 * it is a name like any other.
 */
export function isExtension(key: string, shapes: readonly Shape[]): boolean {
  return key.startsWith('x-') && alternatives(shapes).some(({ _zod: { def } }) => def.type === 'object');
}

/** A value without the user's own keys at any depth. */
export function withoutExtensions(value: unknown, shapes: readonly Shape[]): unknown {
  if (Array.isArray(value)) return value.map((one: unknown, i) => withoutExtensions(one, below(shapes, i)));
  if (typeof value !== 'object' || value === null) return value;
  const kept = Object.entries(value).filter(([key]) => !isExtension(key, shapes));
  return Object.fromEntries(kept.map(([key, inner]) => [key, withoutExtensions(inner, below(shapes, key))]));
}
