import pc from 'picocolors';
import type { RecordedRun } from '../record/store.ts';
import { durationOf, verdictOf, type Verdict } from '../record/timeline.ts';
import { visibleLine } from '../util/visible.ts';
import { duration } from './format.ts';

const MARKS: Readonly<Record<Verdict, string>> = {
  ok: pc.green('✔'),
  failed: pc.red('✖'),
  interrupted: pc.yellow('■'),
  'cut off': pc.yellow('■'),
};

/** The records of runs as a table. */
export function runsText(runs: readonly RecordedRun[], folder: string): string {
  if (runs.length === 0) return `there is no record of a run in ${folder}\n`;
  const width = Math.max(...runs.map((run) => run.id.length));
  const lines = runs.map(({ id, meta, stages }) => {
    const ms = durationOf(stages);
    const mark = MARKS[verdictOf(stages)];
    const took = ms === undefined ? 'was killed' : duration(ms);
    const changed = stages.flatMap((stage) => stage.units).filter((unit) => unit.outcome === 'changed').length;
    return `${mark} ${id.padEnd(width)}  ${took.padStart(12)}  ${String(changed).padStart(4)} changed  swarmup ${visibleLine(meta.command)}\n`;
  });
  return lines.join('');
}
