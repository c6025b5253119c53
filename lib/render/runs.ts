import pc from 'picocolors';
import type { RecordedRun } from '../record/store.ts';
import { duration } from './format.ts';

/** The records of runs as a table. */
export function runsText(runs: readonly RecordedRun[], folder: string): string {
  if (runs.length === 0) return `there is no record of a run in ${folder}\n`;
  const width = Math.max(...runs.map((run) => run.id.length));
  const lines = runs.map(({ id, meta, stages }) => {
    const start = stages[0]?.start ?? 0;
    const end = stages.at(-1)?.end;
    const ok = stages.length > 0 && stages.every((stage) => stage.ok);
    const interrupted = stages.some((stage) => stage.interrupted);
    const mark = ok ? pc.green('✔') : interrupted || end === undefined ? pc.yellow('■') : pc.red('✖');
    const took = end === undefined ? 'was cut off' : duration(end - start);
    const changed = stages.flatMap((stage) => stage.units).filter((unit) => unit.outcome === 'changed').length;
    return `${mark} ${id.padEnd(width)}  ${took.padStart(12)}  ${String(changed).padStart(4)} changed  swarmup ${meta.command}\n`;
  });
  return lines.join('');
}
