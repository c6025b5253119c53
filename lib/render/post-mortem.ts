import { stripVTControlCharacters } from 'node:util';
import type { FailedTask, HealthResult, PastTask, PostMortem } from '../util/post-mortem.ts';
import { maskSecrets } from '../util/secret-shapes.ts';
import { visibleLine } from '../util/visible.ts';
import { fit } from './format.ts';

export interface Screen {
  /** Lines of the screen, of which long ones take several. */
  readonly rows: number;
  readonly columns: number;
  /** What is shown above it anyway, and needn't be said again. */
  readonly said?: string;
}

/** Where there is no screen: in reports. */
export const PAGE: Screen = { rows: 60, columns: 120 };

/** The lines of one subject, and how many of them matter most. */
interface Section {
  readonly lines: readonly string[];
  readonly least: number;
}

/** The first lines are the most important ones, except of a log, of which they are the last ones. */
interface Sections {
  readonly why: Section;
  readonly task: Section;
  readonly log: Section;
  readonly check: Section;
  readonly nodes: Section;
  readonly past: Section;
  readonly also: Section;
  readonly unknown: Section;
  readonly more: Section;
}

/** In which order sections get their lines, and in which they are shown. */
const BY_IMPORTANCE = ['why', 'task', 'nodes', 'log', 'check', 'more', 'also', 'unknown', 'past'] as const;
const AS_SHOWN = ['why', 'task', 'log', 'check', 'nodes', 'past', 'also', 'unknown', 'more'] as const;

/**
 * What is known about a failed service, as lines for one screen: without colours, and without anything that could act on a terminal.
 * Secrets are masked before: cut lines would hide them.
 */
export function postMortemLines(found: PostMortem, screen: Screen): string[] {
  const sections = sectionsOf(found, screen);
  const shown: Record<keyof Sections, number> = {
    why: 0,
    task: 0,
    log: 0,
    check: 0,
    nodes: 0,
    past: 0,
    also: 0,
    unknown: 0,
    more: 0,
  };
  let left = screen.rows;
  const give = (key: keyof Sections, most: number) => {
    const { lines } = sections[key];
    for (let i = shown[key]; i < Math.min(most, lines.length); i++) {
      const cost = rowsOf(lines[i] ?? '', screen.columns);
      if (cost > left) return;
      left -= cost;
      shown[key] = i + 1;
    }
  };
  for (const key of BY_IMPORTANCE) give(key, sections[key].least);
  for (const key of BY_IMPORTANCE) give(key, Number.POSITIVE_INFINITY);
  return AS_SHOWN.flatMap((key) => {
    const lines = sections[key].lines.slice(0, shown[key]);
    return key === 'log' ? lines.toReversed() : lines;
  });
}

/** The same without anything that has the shape of a secret: containers and engines print what they like. */
export function maskedPostMortem(found: PostMortem): PostMortem {
  const { cause, tasks, refusals, unknown, next, service } = found;
  return {
    service,
    ...(cause === undefined ? {} : { cause: maskSecrets(cause) }),
    tasks: tasks.map(masked),
    refusals: refusals.map(({ node, reasons }) => ({ node, reasons: reasons.map(maskSecrets) })),
    unknown: unknown.map(maskSecrets),
    next: next.map(maskSecrets),
  };
}

function masked(task: FailedTask): FailedTask {
  const withError = <T extends { readonly error?: string }>(one: T): T =>
    one.error === undefined ? one : { ...one, error: maskSecrets(one.error) };
  return {
    ...withError(task),
    history: task.history.map(withError),
    health: task.health.map((one) => ({ ...one, output: maskSecrets(one.output) })),
    ...(task.log === undefined ? {} : { log: maskSecrets(task.log) }),
  };
}

/** How many rows of a screen a line takes. */
export function rowsOf(line: string, columns: number): number {
  return Math.max(1, Math.ceil(line.length / columns));
}

function sectionsOf(found: PostMortem, screen: Screen): Sections {
  const { cause, tasks, refusals, unknown, next } = found;
  const [first, ...others] = tasks;
  const cut = (line: string) => fit(line, screen.columns);
  const section = (label: string, lines: readonly string[], least = lines.length): Section => ({
    lines: lines.map((line, i) => `  ${(i === 0 ? label : '').padEnd(5)}${visibleLine(line)}`),
    least,
  });
  const short = ({ lines, least }: Section): Section => ({ lines: lines.map(cut), least });
  const log = asPrinted(first?.log ?? '')
    .split('\n')
    .filter((line) => line.trim() !== '');
  return {
    why: section('why', cause === undefined ? [] : [cause]),
    task: section('task', first ? taskLines(first, screen) : []),
    log: short({ lines: log.toReversed().map((line) => `       │ ${visibleLine(line)}`), least: 6 }),
    check: short(section('test', healthLines(first?.health ?? []), 2)),
    nodes: section(
      'node',
      refusals.map(({ node, reasons }) => `${node}: ${reasons.join('; ')}`),
      6,
    ),
    past: section('past', first ? pastLines(first.history) : []),
    also: short(section('also', others.map(inOneLine), 2)),
    unknown: section('???', unknown, 2),
    more: section('more', next, 3),
  };
}

function taskLines(task: FailedTask, { said = '' }: Screen): string[] {
  const { name, node, nodeState, state, error, alike, exit, exitCode } = task;
  const where =
    node === undefined ? ', without a node' : ` on ${node}${nodeState === undefined ? '' : ` (${nodeState})`}`;
  const at = task.history[0] ? ` at ${time(task.history[0])}` : '';
  const code = exitCode === undefined ? '' : `, exit code ${exitCode}${exit === undefined ? '' : `: ${exit}`}`;
  const more = alike === 0 ? '' : `; ${alike} more ${alike === 1 ? 'task' : 'tasks'} with the same error`;
  return [
    `${name}${where}: ${state}${at}${code}${more}`,
    ...(error === undefined || said.includes(error) ? [] : [error]),
  ];
}

/** The newest first; the last line of an output usually says what happened. */
function healthLines(results: readonly HealthResult[]): string[] {
  return results.toReversed().map((result) => {
    const output = asPrinted(result.output)
      .trim()
      .replaceAll(/\s*\n\s*/g, ' / ');
    return `health check at ${time(result)}: exit code ${result.exitCode}${output === '' ? '' : `: ${output}`}`;
  });
}

/** What a program printed, without its colours and with its tabs as blanks: both would be shown as codes. */
function asPrinted(text: string): string {
  return stripVTControlCharacters(text).replaceAll('\t', '  ');
}

/** Nothing for a task that was the first of its slot. */
function pastLines(history: readonly PastTask[]): string[] {
  if (history.length < 2) return [];
  const each = history.map((one) => {
    const code = one.exitCode === undefined ? '' : ` (${one.exitCode})`;
    return `${time(one)} ${one.state}${code}`;
  });
  return [`${history.length} tasks, the last first: ${each.join(', ')}`];
}

function inOneLine({ name, node, state, error, exitCode }: FailedTask): string {
  const code = exitCode === undefined ? '' : `, exit code ${exitCode}`;
  return `${name}${node === undefined ? '' : ` on ${node}`}: ${state}${code}${error === undefined ? '' : `: ${error}`}`;
}

/** The time of day, UTC. */
function time({ at }: { readonly at: string }): string {
  return at.slice(11, 19);
}
