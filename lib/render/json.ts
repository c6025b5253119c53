import { changesJson } from '../contracts/change-json.ts';
import type { RunResult } from '../contracts/events.ts';
import { errorJson } from './error.ts';

/** `up --json`, `verify --json`, `plan --json`: the document that programs rely on. */
export function resultJson(result: RunResult, record?: string): object {
  const notDone = result.units.filter((unit) => unit.notDone).map((unit) => `${unit.task}@${unit.target}`);
  return {
    ok: result.ok,
    cluster: result.cluster,
    changed: result.changed,
    durationMs: Math.round(result.durationMs),
    units: result.units.map((unit) => ({
      task: unit.task,
      target: unit.target,
      outcome: unit.outcome,
      ms: Math.round(unit.ms),
      ...changesJson(unit.changes),
      ...(unit.reason ? { reason: unit.reason } : {}),
      ...(unit.retries ? { retries: unit.retries } : {}),
      ...(unit.error ? { error: errorJson(unit.error) } : {}),
    })),
    warnings: result.warnings,
    ...(notDone.length > 0 ? { notDone } : {}),
    ...(record === undefined ? {} : { record }),
  };
}
