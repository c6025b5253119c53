import { expect } from 'vitest';
import type { UpDocument } from './cli.ts';

/** Expects a successful run; otherwise shows the errors of its units and the output. */
export function expectOk({ document, stderr }: { document: UpDocument; stderr: string }): void {
  // A command that fails before its first unit has an error instead of units.
  expect(document, stderr).not.toHaveProperty('error');
  const errors = document.units.flatMap((unit) =>
    unit.error ? [`${unit.task}@${unit.target}: ${unit.error.message}`] : [],
  );
  expect(errors, stderr).toEqual([]);
  expect(document.ok, stderr).toBe(true);
}
