import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { pageOf, replaced, rowsIn, type Row } from '../../bench/page.ts';
import { ROOT } from '../support/cli.ts';

const row = (part: Row['part'], what: string, date: string): Row => ({
  part,
  what,
  figure: '1.5 s',
  compared: '',
  machine: '2 cores',
  date,
});

describe('the page of the benchmark', () => {
  const before = [row('help', '--help', '2026-01-01'), row('bare', 'a script', '2026-01-02')];

  it('is read back as it was written', () => {
    expect(rowsIn(pageOf(before))).toEqual(before);
    expect(rowsIn('')).toEqual([]);
  });

  it('keeps the rows of parts that did not run, in the order of the parts', () => {
    const now = [row('scale', '10 nodes', '2026-02-01'), row('scale', '100 nodes', '2026-02-01')];
    expect(replaced(before, 'scale', now)).toEqual([before[0], ...now, before[1]]);
    expect(replaced(before, 'help', [row('help', 'other', '2026-02-01')])[0]).toMatchObject({ what: 'other' });
  });

  it('is the one in the repository', () => {
    const page = readFileSync(join(ROOT, 'docs/performance.md'), 'utf8');
    expect(pageOf(rowsIn(page))).toBe(page);
  });
});
