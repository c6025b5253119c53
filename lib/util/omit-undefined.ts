type Defined<T> = { [K in keyof T as undefined extends T[K] ? never : K]: T[K] } & {
  [K in keyof T as undefined extends T[K] ? K : never]?: Exclude<T[K], undefined>;
};

/** The same object without its undefined properties, as exactOptionalPropertyTypes requires. */
export function omitUndefined<T extends object>(value: T): Defined<T> {
  // eslint-disable-next-line typescript/no-unsafe-type-assertion -- Object.entries loses the key types that Defined<T> restores
  return Object.fromEntries(Object.entries(value).filter(([, v]) => v !== undefined)) as Defined<T>;
}
