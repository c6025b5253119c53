import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { tried } from '../support/properties.ts';
import { hasOracle, stackConfig } from './docker.ts';
import { loadedFiles, textOf } from './loaded.ts';
import { composeFiles } from './variants.ts';

describe.runIf(hasOracle)('random Compose files', { timeout: 3_600_000 }, () => {
  it('mean the same as to docker stack config, or are refused by both', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'swarmup-variants-'));
    const seen = { accepted: 0, refused: 0 };
    await fc.assert(
      fc.asyncProperty(composeFiles, async (files) => {
        const names = files.map((_, i) => `${i}.yml`);
        for (const [i, text] of files.entries()) writeFileSync(join(folder, `${i}.yml`), text);
        const expected = await stackConfig(names, folder);
        seen[expected === undefined ? 'refused' : 'accepted']++;
        expect(textOf(loadedFiles(names, folder))).toBe(expected);
      }),
      tried(100),
    );
    // Both kinds have to be among them.
    expect(Math.min(seen.accepted, seen.refused)).toBeGreaterThan(20);
  });
});
