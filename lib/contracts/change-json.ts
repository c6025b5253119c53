import { omitUndefined } from '../util/omit-undefined.ts';
import { sentenceOf } from './change-sentence.ts';
import type { Change } from './change.ts';

/** A change in JSON output and records: without the fields that tasks add for themselves. Pure. */
export function detailOf(change: Change): Change {
  const { path, from, to, reason, prune, replace } = change;
  const facts = { path, ...omitUndefined({ from, to, reason, prune, replace }) };
  if (change.action === 'run') return { action: change.action, step: change.step, ...facts };
  return { action: change.action, ...facts };
}

/** A list of changes as sentences, and as data in the same order. Pure. */
export function changesJson(changes: readonly Change[]): {
  readonly changes: readonly string[];
  readonly changeDetails: readonly Change[];
} {
  return { changes: changes.map(sentenceOf), changeDetails: changes.map(detailOf) };
}
