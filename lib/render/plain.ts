import { unreachable } from '../util/unreachable.ts';
import { sentenceOf } from '../contracts/change-sentence.ts';
import type { Event, Listener, UnitResult } from '../contracts/events.ts';
import { pattern } from '../record/pattern.ts';
import { maskSecrets } from '../util/secret-shapes.ts';
import { hangingLines } from '../util/visible.ts';
import { duration, retryText, unitsText } from './format.ts';
import { harmless } from './guard.ts';

/** Further lines of a text begin below the first one, behind the time. */
const INDENT = ' '.repeat(11);

/** One line per event, with the time: for logs, and without a terminal. */
export function plainListener(stream: NodeJS.WritableStream, guard: (text: string) => string = harmless): Listener {
  const lastDetail = new Map<string, string>();
  let planning = false;
  return (event) => {
    if (event.type === 'run-started') planning = event.mode === 'plan';
    // A plan is shown as a whole at the end; printing its parts as they are found would show them twice.
    if (planning && event.type !== 'warning') return;
    for (const line of linesOf(event, lastDetail))
      stream.write(
        guard(`${new Date(event.at).toISOString().slice(11, 19)} ${hangingLines(maskSecrets(line), INDENT)}\n`),
      );
  };
}

function linesOf(event: Event, lastDetail: Map<string, string>): string[] {
  switch (event.type) {
    case 'stage-started':
      return [`--- ${event.title}`];
    case 'run-started':
      return [`${event.pipeline} of ${event.cluster}: ${event.units.length} steps`];
    case 'unit-detail': {
      const key = `${event.unit.task}@${event.unit.target}`;
      // Progress messages that differ only in a number are printed once; a log doesn't need every percent.
      const text = pattern(event.detail);
      if (lastDetail.get(key) === text) return [];
      lastDetail.set(key, text);
      return [`${event.unit.target}  ${event.unit.task}: ${event.detail}`];
    }
    case 'unit-finished':
      // What a failure kept from starting is counted at the end, in one line.
      return event.result.notDone ? [] : resultLines(event.result);
    case 'unit-retrying':
      return [`${event.unit.target}  ${event.unit.task}: ${retryText(event)}`];
    case 'warning':
      return [`warning: ${event.warning.message}`];
    case 'interrupting':
      return [
        `interrupted: stopping ${unitsText(event.running) || 'nothing, as nothing runs'}; press Ctrl-C again to stop immediately`,
      ];
    case 'unit-started':
    case 'unit-phase':
    case 'unit-planned':
    case 'command-finished':
    case 'engine-asked':
    case 'run-finished':
      return [];
    default:
      return unreachable(event);
  }
}

function resultLines(result: UnitResult): string[] {
  const reason = result.reason ? ` (${result.reason})` : '';
  const head = `${result.target}  ${result.task}: ${result.outcome}${reason} in ${duration(result.ms)}`;
  return [head, ...result.changes.map((change) => `${result.target}  ${result.task}:   ${sentenceOf(change)}`)];
}
