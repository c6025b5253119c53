import type { Change } from '../contracts/change.ts';
import { detailOf } from '../contracts/change-json.ts';
import { sentenceOf } from '../contracts/change-sentence.ts';
import type { Event, UnitResult } from '../contracts/events.ts';

/** A change in the form that reports show. */
export interface RecordedChange {
  readonly action: Change['action'];
  readonly sentence: string;
}

/** What records of swarmup 0.1.0 have: the sentence itself. */
interface OlderChange {
  readonly action: Change['action'];
  readonly summary: string;
}

/** A change from a record, which an older version may have written. */
export function asRecorded(change: Change | OlderChange): RecordedChange {
  const { action } = change;
  return { action, sentence: 'summary' in change ? change.summary : sentenceOf(change) };
}

/**
 * An event as written to the record: changes have only the common fields, without those that tasks add for themselves.
 */
export function recordable(event: Event): Event {
  if (event.type === 'unit-planned') return { ...event, changes: event.changes.map(detailOf) };
  if (event.type === 'unit-finished') return { ...event, result: withDetails(event.result) };
  if (event.type !== 'run-finished') return event;
  return { ...event, result: { ...event.result, units: event.result.units.map(withDetails) } };
}

function withDetails(result: UnitResult): UnitResult {
  return { ...result, changes: result.changes.map(detailOf) };
}
