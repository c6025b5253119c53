import type { UnitResult } from '../contracts/events.ts';
import { pattern } from '../record/pattern.ts';
import { visibleLine } from '../util/visible.ts';
import type { SwarmupError } from '../util/errors.ts';
import { unitsText } from './format.ts';

/** Units that one cause stopped: the first one's error stands for all. */
export interface Cause {
  readonly error: SwarmupError;
  readonly first: UnitResult;
  readonly others: readonly UnitResult[];
}

/**
 * Failed units by what stopped them. Errors have the same cause when they differ only in the node that they are about, in
 * its address, and in figures that a command printed. Interrupted units have none.
 */
export function causesOf(results: readonly UnitResult[]): Cause[] {
  const failed = results.flatMap((unit) =>
    unit.error && unit.error.code !== 'INTERRUPTED' ? [{ unit, error: unit.error }] : [],
  );
  return [...Map.groupBy(failed, keyOf).values()].flatMap(([head, ...rest]) =>
    head ? [{ error: head.error, first: head.unit, others: rest.map(({ unit }) => unit) }] : [],
  );
}

function keyOf({ unit: { node }, error }: { unit: UnitResult; error: SwarmupError }): string {
  const { code, message, fix, output = '' } = error;
  const anywhere = (text: string) => withoutAddresses(node === undefined ? text : withoutName(text, node));
  return JSON.stringify([code, anywhere(message), anywhere(fix), pattern(anywhere(output))]);
}

function withoutName(text: string, name: string): string {
  const literal = name.replace(/[^\w-]/g, '\\$&');
  return text.replace(new RegExp(`(?<![\\w-])${literal}(?![\\w-])`, 'g'), 'NODE');
}

/** IPv4 addresses and, in brackets or not, IPv6 ones, with their port. */
function withoutAddresses(text: string): string {
  return text.replace(
    /(?<![\w.:])(?:\d{1,3}(?:\.\d{1,3}){3}|\[?[\da-f]{0,4}(?::[\da-f]{0,4}){2,7}\]?)(?:(?::| port )\d+)?/gi,
    'ADDRESS',
  );
}

/** "the same on worker2, worker3 and 40 more", for the units beside the first; undefined when there are none. */
export function othersText({ first, others }: Cause): string | undefined {
  if (others.length === 0) return undefined;
  const isSameTask = others.every(({ task }) => task === first.task);
  return visibleLine(
    isSameTask ? `the same on ${others.map(({ target }) => target).join(', ')}` : `the same: ${unitsText(others)}`,
  );
}

/** "provision on worker1 and 4 more" */
export function placeOf({ first, others }: Cause): string {
  return `${first.task} on ${first.target}${others.length > 0 ? ` and ${others.length} more` : ''}`;
}
