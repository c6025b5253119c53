/**
 * What the suites need from a test runner. It is passed in rather than imported, so that they run in the caller's
 * runner (Vitest, Jest, Bun) and in the caller's copy of it: tests registered with another copy of Vitest fail. This
 * also saves a dependency on a runner.
 */
export interface TestRunner {
  readonly it: (title: string, test: () => Promise<void>) => unknown;
  readonly expect: (value: unknown) => Expectation;
}

interface Expectation {
  toBe(expected: unknown): unknown;
  toEqual(expected: unknown): unknown;
  toMatch(expected: RegExp): unknown;
  toMatchObject(expected: object): unknown;
}
