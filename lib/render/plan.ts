import pc from 'picocolors';
import type { RunResult, UnitResult } from '../contracts/events.ts';
import { madeOnlyBy } from '../contracts/change.ts';
import { detailOf } from '../contracts/change-json.ts';
import { sentenceOf } from '../contracts/change-sentence.ts';
import { visibleLine } from '../util/visible.ts';
import { changeLine, plural } from './format.ts';

/** The heading for what isn't on one node: services, stacks. */
const CLUSTER = 'cluster';

const WORDS = [
  ['create', 'add'],
  ['update', 'change'],
  ['remove', 'remove'],
  ['run', 'run'],
] as const;

/** A plan as a diff: the changes on each node, then in the cluster; and what is known only later. */
export function planText(result: RunResult): string {
  const open = result.units.filter((unit) => unit.changes.length > 0 || isUnknown(unit));
  if (open.length === 0 && result.ok)
    return `\n${pc.green('✔')} ${result.cluster} matches its cluster file: nothing to change\n`;
  const places = [...new Set(open.map(placeOf))].sort((a, b) => Number(a === CLUSTER) - Number(b === CLUSTER));
  const blocks = places.map((place) => {
    const lines = open.filter((unit) => placeOf(unit) === place).flatMap(linesOf);
    return `\n${pc.bold(place)}\n${lines.map((line) => `  ${line}\n`).join('')}`;
  });
  const gaps = result.units.filter((unit) => unit.outcome === 'failed').length;
  const gapped = gaps > 0 ? `\n${pc.red('✖')} the plan has gaps: ${plural(gaps, 'step')} can't be planned\n` : '';
  const counts = planCounts(result);
  return `${blocks.join('')}${counts === '' ? '' : `\n${counts}\n`}${gapped}`;
}

/**
 * The same for programs: `place` is a node or the cluster; for what is known only later, `summary` says after which
 * units.
 */
export function planDiff({ units }: RunResult): object[] {
  return units.flatMap((unit) => {
    const at = { place: placeOf(unit), task: unit.task, target: unit.target };
    if (isUnknown(unit)) return [{ ...at, action: 'unknown', summary: unit.reason }];
    return unit.changes.map((change) => ({ ...at, summary: sentenceOf(change), ...detailOf(change) }));
  });
}

/** "2 to add, 1 to change; 'swarmup up' applies them" */
function planCounts({ units }: RunResult): string {
  const all = units.flatMap((unit) => unit.changes);
  const changes = all.filter((change) => madeOnlyBy(change) === undefined);
  const parts = WORDS.flatMap(([action, word]) => {
    const found = changes.filter((change) => change.action === action).length;
    return found > 0 ? [`${found} to ${word}`] : [];
  });
  const later = units.filter(isUnknown).length;
  if (later > 0) parts.push(`${later} known later`);
  const surplus = all.filter((change) => change.prune).length;
  const replaced = all.filter((change) => change.replace).length;
  const made = parts.length > 0 ? `${parts.join(', ')}; 'swarmup up' applies them` : '';
  const left = surplus > 0 ? `${plural(surplus, 'removal')}; only 'swarmup up --prune' applies them` : '';
  const other =
    replaced > 0 ? `${plural(replaced, 'machine')} to recreate; only 'swarmup replace NODE' does, one at a time` : '';
  return [made, left, other].filter((text) => text !== '').join('\n');
}

function linesOf(unit: UnitResult): string[] {
  if (isUnknown(unit)) return [pc.dim(`? ${unit.task}: ${visibleLine(unit.reason ?? '')}`)];
  return unit.changes.map((change) => {
    const by = madeOnlyBy(change);
    return `${changeLine(change)}${by === undefined ? '' : pc.dim(`  (with ${by})`)}`;
  });
}

function isUnknown(unit: UnitResult): boolean {
  return unit.changes.length === 0 && unit.reason !== undefined && unit.outcome !== 'skipped';
}

function placeOf(unit: UnitResult): string {
  return unit.node ?? CLUSTER;
}
