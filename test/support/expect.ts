import { expect } from 'vitest';
import type { UpDocument } from './cli.ts';

/** The run did all it was asked to; otherwise shows the units' own errors and what was printed. */
export function expectOk({ document, stderr }: { document: UpDocument; stderr: string }): void {
  // A command that couldn't even begin has an error instead of units.
  expect(document, stderr).not.toHaveProperty('error');
  const errors = document.units.flatMap((unit) =>
    unit.error ? [`${unit.task}@${unit.target}: ${unit.error.message}`] : [],
  );
  expect(errors, stderr).toEqual([]);
  expect(document.ok, stderr).toBe(true);
}
