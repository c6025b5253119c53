import type { Stage } from '../record/timeline.ts';

/** A part of a log, in seconds before now: `fromS` is the larger one. */
export interface LogWindow {
  readonly fromS: number;
  readonly toS: number;
  /** What it is around, as listed. */
  readonly around: string;
}

/** How much before the failed step began and after it ended is read, in seconds. */
const MARGIN_S = 120;
/** Without a failure: the last half hour. */
const RECENT_S = 1800;
/** A failed step may have taken hours; only its end matters. */
const LONGEST_S = 3600;

/**
 * The time around the failures of a run; for a run that was killed, around its end.
 *
 * @param now milliseconds since 1970, as the times in the run
 */
export function windowOf(stages: readonly Stage[], now: number): LogWindow {
  const units = stages.flatMap((stage) => stage.units);
  const failed = units.filter(
    ({ error, end }) => error !== undefined && error.code !== 'INTERRUPTED' && end !== undefined,
  );
  const [first] = failed.toSorted((a, b) => (a.end ?? 0) - (b.end ?? 0));
  if (first?.end !== undefined) {
    const last = Math.max(...failed.map(({ end }) => end ?? 0));
    const from = Math.max(first.start ?? first.end, first.end - LONGEST_S * 1000);
    return between(
      from,
      Math.min(last, first.end + LONGEST_S * 1000),
      now,
      `the failure of ${first.task} on ${first.target}`,
    );
  }
  const open = stages.findLast((stage) => stage.end === undefined);
  const lastSeen = open && Math.max(open.start, ...open.units.flatMap(({ start, end }) => end ?? start ?? []));
  if (lastSeen !== undefined) return between(lastSeen, lastSeen, now, 'the end of the run that was cut off');
  return { fromS: RECENT_S, toS: 0, around: 'now' };
}

function between(from: number, to: number, now: number, around: string): LogWindow {
  const before = (at: number) => Math.max(0, Math.round((now - at) / 1000));
  return { fromS: before(from) + MARGIN_S, toS: Math.max(0, before(to) - MARGIN_S), around };
}
