import { sentenceOf } from '../contracts/change-sentence.ts';
import type { UnitResult } from '../contracts/events.ts';
import { SwarmupError } from '../util/errors.ts';
import type { Unit } from './graph.ts';
import type { StepResult } from './step.ts';

/** The beginning of a unit's result: nothing has happened yet. */
export function blank({ task, target }: Unit): Omit<UnitResult, 'outcome'> {
  const node = target.node === undefined ? {} : { node: target.node };
  return { task: task.id, target: target.id, ...node, ms: 0, changes: [] };
}

/** The failure of a run that was to change nothing. */
export function changedAgain(unit: Unit, { changes }: StepResult): SwarmupError {
  const what = changes.map(sentenceOf).join('; ');
  return new SwarmupError(
    'CHANGED_AGAIN',
    `${unit.key} changed something although everything was done already: ${what}`,
    {
      fix: 'Something else changes it between runs, or its check does not see what its apply did: report it with these lines.',
    },
  );
}
