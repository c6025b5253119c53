import { join } from 'node:path';
import { listRuns, readRun, runsFolder, type RecordedRun } from '../../record/store.ts';
import { durationOf, verdictOf } from '../../record/timeline.ts';
import { hasCode } from '../../util/errors.ts';
import { print, printJson } from '../../render/output.ts';
import { runsText } from '../../render/runs.ts';
import type { CommonOptions } from '../options.ts';
import { writeReport } from '../reporting.ts';
import { shortPath } from '../short-path.ts';
import { clusterOf } from '../session.ts';

/** The records of runs, the latest last. */
export async function runs(options: CommonOptions): Promise<number> {
  const cluster = await clusterOf(options);
  const folder = runsFolder(cluster.stateDir);
  const found = (await Promise.all((await listRuns(folder)).map((id) => readable(folder, id)))).flat();
  if (options.json)
    printJson(
      found.map(({ id, folder: path, meta, stages }) => ({
        id,
        folder: path,
        command: meta.command,
        startedAt: meta.startedAt,
        ok: verdictOf(stages) === 'ok',
        durationMs: durationOf(stages) ?? null,
      })),
    );
  else print(runsText(found, shortPath(folder)));
  return 0;
}

/** A truncated record must not keep the others from being listed. */
async function readable(folder: string, id: string): Promise<RecordedRun[]> {
  try {
    return [await readRun(folder, id)];
  } catch (error) {
    if (hasCode(error, 'RECORD_INVALID')) return [];
    throw error;
  }
}

/** One self-contained HTML page of a run. */
export async function report(
  id: string | undefined,
  options: CommonOptions & { output?: string; junit?: string },
): Promise<number> {
  const cluster = await clusterOf(options);
  const found = await readRun(runsFolder(cluster.stateDir), id);
  const { htmlReport } = await import('../../render/html/report.ts');
  const file = options.output ?? join(found.folder, 'report.html');
  await writeReport(file, htmlReport(found));
  if (options.junit) {
    const { junit } = await import('../../render/junit.ts');
    await writeReport(options.junit, junit(found.stages));
  }
  if (options.json) printJson({ run: found.id, report: file });
  else print(`${shortPath(file)}\n`);
  return 0;
}
