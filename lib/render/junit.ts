import { visibleLines } from '../util/visible.ts';
import type { RecordedError, Stage, TimedUnit } from '../record/timeline.ts';
import { PAGE, postMortemLines } from './post-mortem.ts';

/**
 * A JUnit report: a suite per stage and a case per unit, so per (task, node) and per HTTP check. Source of the format:
 * the schema of Apache Ant's JUnit task, with the commonly supported `skipped` and `system-out`.
 */
export function junit(stages: readonly Stage[]): string {
  const suites = stages.map(suite);
  const count = (of: (units: readonly TimedUnit[]) => number) =>
    stages.reduce((sum, stage) => sum + of(stage.units), 0);
  const totals = attributes({
    tests: count((units) => units.length),
    failures: count(failures),
    skipped: count(skipped),
    time: seconds(stages.reduce((sum, stage) => sum + ((stage.end ?? stage.start) - stage.start), 0)),
  });
  return `<?xml version="1.0" encoding="UTF-8"?>\n<testsuites name="swarmup"${totals}>\n${suites.join('')}</testsuites>\n`;
}

function suite(stage: Stage): string {
  const { pipeline, title, cluster, units, start, end } = stage;
  const head = attributes({
    name: title ?? `${pipeline} of ${cluster}`,
    tests: units.length,
    failures: failures(units),
    skipped: skipped(units),
    errors: 0,
    timestamp: new Date(start).toISOString().slice(0, 19),
    time: seconds((end ?? start) - start),
  });
  return `  <testsuite${head}>\n${units.map((unit) => testcase(unit, stage)).join('')}  </testsuite>\n`;
}

function testcase(unit: TimedUnit, { cluster, pipeline }: Stage): string {
  const { task, target, start, end, error, outcome, reason, changes } = unit;
  const name = attributes({
    classname: `${cluster}.${pipeline}.${task}`,
    name: target,
    time: seconds((end ?? 0) - (start ?? end ?? 0)),
  });
  const inside = error
    ? `      <failure${attributes({ type: error.code, message: error.message })}>${text([error.message, detailsOf(error), `fix: ${error.fix}`])}</failure>\n`
    : outcome === 'skipped'
      ? `      <skipped${attributes({ message: reason ?? '' })}/>\n`
      : outcome === undefined
        ? `      <skipped message="the run was killed"/>\n`
        : changes.length > 0
          ? `      <system-out>${text(changes.map(({ sentence }) => sentence))}</system-out>\n`
          : '';
  return `    <testcase${name}>\n${inside}    </testcase>\n`;
}

/** Everything between message and fix. */
function detailsOf({ postMortem, message, output }: RecordedError): string | undefined {
  return postMortem ? postMortemLines(postMortem, { ...PAGE, said: message }).join('\n') : output;
}

function failures(units: readonly TimedUnit[]): number {
  return units.filter((unit) => unit.error).length;
}

function skipped(units: readonly TimedUnit[]): number {
  return units.filter((unit) => !unit.error && (unit.outcome === 'skipped' || unit.outcome === undefined)).length;
}

function seconds(ms: number): string {
  return (ms / 1000).toFixed(3);
}

function attributes(values: Readonly<Record<string, string | number>>): string {
  return Object.entries(values)
    .map(([key, value]) => ` ${key}="${escape(String(value)).replaceAll('\n', '&#10;').replaceAll('\t', '&#9;')}"`)
    .join('');
}

function text(lines: readonly (string | undefined)[]): string {
  return escape(lines.filter((line) => line !== undefined).join('\n'));
}

/** Characters that XML 1.0 can't represent are replaced, as terminal output is full of them; hidden ones are shown. */
function escape(value: string): string {
  const possible = value.replace(/[^\t\n\r\u0020-\uD7FF\uE000-\uFFFD\u{10000}-\u{10FFFF}]/gu, '\uFFFD');
  return visibleLines(possible)
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;');
}
