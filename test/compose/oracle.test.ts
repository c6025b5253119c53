import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { inputs } from '../support/seeded.ts';
import { hasOracle, stackConfig } from './docker.ts';
import { loadedFiles, textOf } from './loaded.ts';
import { variant } from './variants.ts';

const COUNT = inputs(100);
/** So many clients at a time: each is a process. */
const AT_ONCE = 4;

describe.runIf(hasOracle)('random Compose files', { timeout: 3_600_000 }, () => {
  it('mean the same as to docker stack config, or are refused by both', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'swarmup-variants-'));
    const check = async (seed: number): Promise<boolean> => {
      const { files } = variant(seed);
      const names = files.map((text, i) => {
        writeFileSync(join(folder, `${seed}-${i}.yml`), text);
        return `${seed}-${i}.yml`;
      });
      const expected = await stackConfig(names, folder);
      expect({ seed, files, text: textOf(loadedFiles(names, folder)) }).toEqual({ seed, files, text: expected });
      return expected !== undefined;
    };
    let accepted = 0;
    for (let seed = 0; seed < COUNT; seed += AT_ONCE) {
      const outcomes = await Promise.all(Array.from({ length: AT_ONCE }, (_, i) => check(seed + i)));
      accepted += outcomes.filter(Boolean).length;
    }
    // Both kinds have to be among them.
    expect(accepted).toBeGreaterThan(COUNT / 5);
    expect(accepted).toBeLessThan(COUNT);
  });
});
