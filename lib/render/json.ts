import type { RunResult } from '../events.ts';
import { errorJson } from './error.ts';

/** `up --json`, `verify --json`, `plan --json`: the document that users and tests rely on. */
export function resultJson(result: RunResult): object {
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
      changes: unit.changes.map((change) => change.summary),
      ...(unit.reason ? { reason: unit.reason } : {}),
      ...(unit.error ? { error: errorJson(unit.error) } : {}),
    })),
    warnings: result.warnings,
  };
}
