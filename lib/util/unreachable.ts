/** The end of every switch over a union: a new member that isn't handled is a type error. */
export function unreachable(value: never): never {
  throw new Error(`unexpected value: ${JSON.stringify(value)}`);
}
