/** An object that throws on every property it wasn't given: a fake must not guess. */
export function strict<T extends object>(name: string, members: Partial<T>): T {
  return new Proxy(members, {
    get(target, key) {
      if (key in target) return Reflect.get(target, key) as unknown;
      // Promises look for `then` on every value.
      if (key === 'then' || typeof key === 'symbol') return undefined;
      throw new Error(`the fake ${name} was asked for '${key}', which it doesn't know`);
    },
  }) as T;
}

/** An error as dockerode throws it. */
export function engineError(statusCode: number, message: string): Error {
  return Object.assign(new Error(`(HTTP code ${statusCode}) - ${message}`), { statusCode, json: { message } });
}
