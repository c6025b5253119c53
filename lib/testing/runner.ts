/**
 * What the suites need of a test runner. It is handed in rather than imported, so that they run in the runner of their caller,
 * whichever it is (Vitest, Jest, Bun) and whichever copy: tests that are registered with another copy of Vitest fail. swarmup
 * needs no runner as a dependency for it.
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
