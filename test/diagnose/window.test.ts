import { describe, expect, it } from 'vitest';
import { windowOf } from '../../lib/diagnose/window.ts';
import type { Stage, TimedUnit } from '../../lib/record/timeline.ts';

const NOW = 10_000_000;

function unit(task: string, start: number | undefined, end: number | undefined, code?: string): TimedUnit {
  const error = code === undefined ? undefined : { code, message: 'm', fix: 'f' };
  const names = { task, title: task, target: 'm1', key: `${task}@m1`, needs: [], node: 'm1', reason: undefined };
  return { ...names, start, end, outcome: undefined, changes: [], notDone: false, error, retries: [] };
}

function stage(units: readonly TimedUnit[], end: number | undefined): Stage {
  const names = { pipeline: 'up', title: undefined, cluster: 'c', mode: 'apply' as const };
  return { ...names, start: 1_000_000, end, ok: false, interrupted: false, units, warnings: [] };
}

describe('the time around which logs are read', () => {
  it.each([
    [
      'a failure',
      [unit('a', 1e6, 2e6), unit('b', 3e6, 4e6, 'COMMAND_FAILED')],
      5e6,
      7120,
      5880,
      'the failure of b on m1',
    ],
    ['a failure that took long', [unit('b', 1e6, 9e6, 'TIMED_OUT')], 9e6, 4720, 880, 'the failure of b on m1'],
    [
      'two failures',
      [unit('a', 5e6, 6e6, 'TIMED_OUT'), unit('b', 3e6, 7e6, 'TIMED_OUT')],
      7e6,
      5120,
      2880,
      'the failure of a on m1',
    ],
    ['a failure a moment ago', [unit('a', 9.9e6, 9.95e6, 'TIMED_OUT')], 9.95e6, 220, 0, 'the failure of a on m1'],
    [
      'a run that was killed',
      [unit('a', 1e6, 2e6), unit('b', 3e6, undefined)],
      undefined,
      7120,
      6880,
      'the end of the run that was cut off',
    ],
    ['an interrupted run', [unit('a', 1e6, 2e6, 'INTERRUPTED')], 2e6, 1800, 0, 'now'],
    ['a good run', [unit('a', 1e6, 2e6)], 2e6, 1800, 0, 'now'],
  ])('is that of %s', (_name, units, end, fromS, toS, around) => {
    expect(windowOf([stage(units, end)], NOW)).toEqual({ fromS, toS, around });
  });

  it('is now without a run', () => {
    expect(windowOf([], NOW)).toEqual({ fromS: 1800, toS: 0, around: 'now' });
  });
});
