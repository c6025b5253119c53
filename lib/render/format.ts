import pc from 'picocolors';
import type { Progress, UnitResult, Retry } from '../contracts/events.ts';
import type { Change } from '../contracts/change.ts';
import { sentenceOf } from '../contracts/change-sentence.ts';
import type { ServiceStatus } from '../swarm/status.ts';
import { visibleLine } from '../util/visible.ts';

/** 850 ms, 3.2 s, 2 min 05 s */
export function duration(ms: number): string {
  if (ms < 1000) return `${Math.round(ms)} ms`;
  if (ms < 60_000) return `${(ms / 1000).toFixed(1)} s`;
  const seconds = Math.round(ms / 1000);
  return `${Math.floor(seconds / 60)} min ${String(seconds % 60).padStart(2, '0')} s`;
}

/** Whole seconds, for units that are still running: 0 s, 59 s, 2 min 05 s */
export function elapsed(ms: number): string {
  const seconds = Math.max(0, Math.floor(ms / 1000));
  return seconds < 60 ? `${seconds} s` : duration(seconds * 1000);
}

const BAR = 16;

/** [######----------]  38 % */
export function bar({ done, total }: Progress): string {
  const share = total > 0 ? Math.min(1, done / total) : 0;
  const full = Math.round(share * BAR);
  return `${'█'.repeat(full)}${pc.dim('░'.repeat(BAR - full))} ${String(Math.floor(share * 100)).padStart(3)} %`;
}

const SIGNS = { create: '+', update: '~', remove: '-', run: '•' } as const;

/** A change as a line of a diff: + added, ~ changed, - removed, • done. */
export function changeLine(change: Change): string {
  const paint = { create: pc.green, update: pc.yellow, remove: pc.red, run: pc.cyan }[change.action];
  return paint(`${SIGNS[change.action]} ${visibleLine(sentenceOf(change))}`);
}

/** "worker1: couldn't ...; trying again in 3 s (attempt 3 of 4)" */
export function retryText({ error, attempt, of, delayMs }: Retry): string {
  return `${error.message}; trying again in ${duration(delayMs)} (attempt ${attempt} of ${of})`;
}

/** "2 changed, 1 unchanged" for the units of a task; an interrupted unit is stopped, not failed. */
export function tally(results: readonly Pick<UnitResult, 'outcome' | 'error' | 'notDone'>[]): string {
  const words = results.map(({ outcome, error, notDone }) =>
    error?.code === 'INTERRUPTED' ? 'stopped' : notDone ? 'not done' : outcome,
  );
  return (['changed', 'unchanged', 'skipped', 'stopped', 'failed', 'not done'] as const)
    .map((word) => ({ word, count: words.filter((one) => one === word).length }))
    .flatMap(({ word, count }) => (count > 0 ? [`${count} ${word}`] : []))
    .join(', ');
}

/** Cuts a text to a width, with an ellipsis. */
export function fit(text: string, width: number): string {
  return text.length <= width ? text : `${text.slice(0, Math.max(0, width - 1))}…`;
}

export function plural(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`;
}

/** How many names of a list are shown before the rest is counted. */
const NAMES = 4;

/** Units by task: "provision on manager1, worker1 and 40 more; join-workers on worker7" */
export function unitsText(units: readonly { readonly task: string; readonly target: string }[]): string {
  const byTask = Map.groupBy(units, (unit) => unit.task);
  return [...byTask].map(([task, group]) => `${task} on ${some(group.map((unit) => unit.target))}`).join('; ');
}

/** How many tasks a single line names. */
const TASKS = 3;

/** The same for a single line: "provision on manager1, worker1; join-workers on worker7; and 12 more tasks" */
export function fewUnitsText(units: readonly { readonly task: string; readonly target: string }[]): string {
  const tasks = new Set(units.map(({ task }) => task));
  const first = new Set([...tasks].slice(0, TASKS));
  const text = unitsText(units.filter(({ task }) => first.has(task)));
  return tasks.size > TASKS ? `${text}; and ${plural(tasks.size - TASKS, 'more task')}` : text;
}

/** "a, b, c and 39 more" */
function some(names: readonly string[]): string {
  if (names.length <= NAMES) return names.join(', ');
  return `${names.slice(0, NAMES - 1).join(', ')} and ${names.length - NAMES + 1} more`;
}

/** "2/3" running, or "1/1 complete" for what completed. */
export function replicasText({ desired, running, completed = 0 }: ServiceStatus['replicas']): string {
  if (completed === 0) return `${running}/${desired}`;
  return `${completed}/${desired} complete${running > 0 ? `, ${running} running` : ''}`;
}

/** Whether fewer tasks run, or completed, than should. */
export function isShort({ desired, running, completed = 0 }: ServiceStatus['replicas']): boolean {
  return running + completed < desired;
}
